//! Who may be meant by a `Host` header (S2 of the module above).

use std::net::IpAddr;

/// Whether a request for this host is answered: an address, `localhost`, or a name that was allowed.
pub(crate) fn is_allowed(host: &str, names: &[String]) -> bool {
    let name = without_port(host.trim());
    let bare = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(name);
    if bare.parse::<IpAddr>().is_ok() {
        return true;
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|b| b.is_ascii_digit())
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let names = ["maps.internal".to_owned()];
        for good in [
            "127.0.0.1:9100",
            "127.0.0.1",
            "localhost",
            "LOCALHOST:80",
            "localhost.:1",
            "[::1]:9100",
            "[::1]",
            "10.0.0.7:1",
            "maps.internal",
            "Maps.Internal:443",
        ] {
            assert!(is_allowed(good, &names), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example:9100",
            "127.0.0.1@evil.example",
            "x-localhost",
            "maps.internal.evil",
            ":",
            "[evil]",
            "2130706433",
        ] {
            assert!(!is_allowed(bad, &names), "{bad}");
        }
    }
}
