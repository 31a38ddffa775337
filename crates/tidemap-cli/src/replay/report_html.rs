//! The page: one file, no outside request; a template that draws the JSON.

use anyhow::Result;

use super::report::Report;

/// Style, script and skeleton; the data goes where [`MARK`] stands.
const TEMPLATE: &str = include_str!("../../assets/report.html");
/// Where the data goes.
const MARK: &str = "/*REPORT*/null";

/// The page's text.
pub(crate) fn render(report: &Report) -> Result<String> {
    Ok(TEMPLATE.replacen(MARK, &embed(&serde_json::to_string(report)?), 1))
}

/// JSON that may stand inside a script element: no tag can end or begin in it.
fn embed(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_one_place_for_data() {
        assert_eq!(TEMPLATE.matches(MARK).count(), 1);
    }

    #[test]
    fn the_page_asks_nobody() {
        for outside in [
            "src=",
            "href=\"http",
            "url(",
            "@import",
            "fetch(",
            "XMLHttpRequest",
            "//cdn",
        ] {
            assert!(!TEMPLATE.contains(outside), "{outside}");
        }
    }

    #[test]
    fn data_cannot_end_the_script() {
        assert_eq!(
            embed(r#"{"a":"</script><!--"}"#),
            "{\"a\":\"\\u003c/script>\\u003c!--\"}"
        );
    }
}
