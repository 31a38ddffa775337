//! The verdicts against those that were reached by hand.

use std::collections::BTreeMap;

use tidemap_go::claims::{Verdict, all};

/// Verdicts from reading the runtime's source and measuring real Go 1.23.9,
/// for every statement that has one. `T` true, `F` false, `P` partly.
const BY_HAND: &str = "A1 T A2 P A3 T A4 T A5 P A6 T A7 F A8 P A9 F A11 P A12 F A13 F A14 T A15 F A16 F A17 F \
    A18 F A19 P A20 F A21 F A22 F A23 F A25 T A26 F A27 F A28 P A29 F A33 T A35 P A36 T A37 F A43 T A47 F A48 F \
    A49 P A50 F B2 F B3 T B4 P B5 T B6 F B7 P B8 T B9 F B10 P B11 F B12 F B13 P B15 F B17 F B22 F B23 F B26 F \
    B27 F B28 F B29 F B30 P B31 F B34 F C1 F C2 P C3 P C4 F C5 F C6 F C7 F C8 F C9 T C10 F C11 P C12 F C13 F \
    C14 F C17 T C18 F C19 F C20 T C21 T C22 F C23 F C25 P C26 F C27 F C28 F C34 F C35 F C36 F C37 F C40 T D1 T \
    D2 F D3 F D6 F D8 T D10 T D11 P D14 F D15 T D16 F D17 F D18 F D19 F D20 F D21 F D22 F D23 T D24 P D25 P D26 F \
    D27 P D28 F D29 T D30 T D31 F D35 F D36 F D37 F D39 T D40 T";

#[test]
fn verdicts_agree_with_those_reached_by_hand() {
    let mut by_hand = BTreeMap::new();
    let words: Vec<&str> = BY_HAND.split_whitespace().collect();
    for pair in words.chunks(2) {
        by_hand.insert(pair[0], pair[1]);
    }
    let mut ids = std::collections::BTreeSet::new();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for claim in all() {
        assert!(ids.insert(claim.id), "{} twice", claim.id);
        let decision = claim.decide();
        assert!(!decision.evidence.is_empty(), "{}", claim.id);
        let letter = match decision.verdict {
            Verdict::True => "T",
            Verdict::False => "F",
            Verdict::Depends => "P",
        };
        if let Some(expected) = by_hand.remove(claim.id) {
            compared += 1;
            if letter != expected {
                wrong.push(format!(
                    "{} {} is {letter}, by hand {expected}: {}",
                    claim.id, claim.statement, decision.evidence
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(by_hand.is_empty(), "no claim for {by_hand:?}");
    assert!(
        ids.len() >= 100 && compared >= 90,
        "{} claims, {compared} compared",
        ids.len()
    );
}
