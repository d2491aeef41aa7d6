use super::*;

fn guard(allow: &[&str], allow_loopback: bool) -> Guard {
    let allow = allow.iter().map(|text| Destination::try_from((*text).to_owned()).unwrap()).collect();
    Guard { allow, allow_loopback }
}

#[test]
fn literal_addresses_that_are_not_public_are_refused_however_they_are_written() {
    let guard = guard(&[], false);
    for host in [
        "127.0.0.1",
        "[::1]",
        "0.0.0.0",
        "169.254.169.254",
        "[fd00::1]",
        "[fe80::1]",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "192.0.0.192",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a00:1]",
        "2130706433",
        "0x7f.1",
        "[::]",
        "127.1",
        "0177.0.0.1",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "[2002:7f00:1::]",
        "[::127.0.0.1]",
        "255.255.255.255",
        "[ff02::1]",
        "[2001:db8::1]",
    ] {
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{host}/hook");
            assert!(guard.endpoint(&url, false).is_err(), "{url}");
        }
    }
}

#[test]
fn forms_that_hide_where_a_request_goes_are_refused() {
    let guard = guard(&["good.nhs.uk"], false);
    for url in [
        "https://user:pass@good.nhs.uk/",
        "https://user@good.nhs.uk/",
        "https://good.nhs.uk/#x",
        "https:\\\\good.nhs.uk\\",
        "https://good.nhs.uk/\ta",
        "https://good.nhs.uk:22/",
        "https://good.nhs.uk:25/",
        "https://good.nhs.uk:5432/",
        "https://xn--gd-1ia.nhs.uk/",
        "https://g\u{f6}d.nhs.uk/",
        "ftp://good.nhs.uk/",
        "mailto:a@good.nhs.uk",
        "good.nhs.uk/x",
        "",
        "https://",
        "file:///etc/passwd",
        "http://good.nhs.uk.evil.com/",
        "http://evil-good.nhs.uk/",
        "urn:uuid:1",
        "https://good.nhs.uk@evil.com/",
    ] {
        assert!(guard.endpoint(url, false).is_err(), "{url}");
    }
    for url in [
        "https://hooks.example.nhs.uk/a?b=c",
        "https://8.8.8.8/",
        "https://x.org:8443/h",
        "https://[2606:4700::1111]/",
    ] {
        assert!(guard.endpoint(url, true).is_ok(), "{url}");
    }
}

#[test]
fn plain_http_needs_a_listed_host_and_never_carries_whole_resources() {
    let open = guard(&["good.nhs.uk", "*.hscn.nhs.uk", "10.20.0.0/16"], false);
    let check = |url: &str, confidential, expected: bool| {
        assert_eq!(open.endpoint(url, confidential).is_ok(), expected, "{url} {confidential}");
    };
    check("http://other.nhs.uk/", false, false);
    check("http://good.nhs.uk/", false, true);
    check("http://GOOD.nhs.uk./", false, true);
    check("http://a.b.hscn.nhs.uk/", false, true);
    check("http://hscn.nhs.uk/", false, false);
    check("http://10.20.3.4:8080/", false, true);
    check("http://10.21.3.4/", false, false);
    check("http://good.nhs.uk/", true, false);
    check("https://10.20.3.4/", true, true);
    check("http://127.0.0.1:9000/", false, false);
    let dev = guard(&[], true);
    for url in ["http://127.0.0.1:9000/x", "http://[::1]:9000/", "http://localhost:9000/"] {
        assert!(dev.endpoint(url, true).is_ok(), "{url}");
    }
    assert!(dev.endpoint("http://192.168.0.1/", false).is_err());
}

#[test]
fn resolved_addresses_are_judged_with_the_name_they_were_found_by() {
    let guard = guard(&["hooks.local", "169.254.7.0/24", "fd00:1::/32"], false);
    let check = |host: &str, address: &str, expected: bool| {
        assert_eq!(guard.address(host, address.parse().unwrap()).is_ok(), expected, "{host} {address}");
    };
    check("public.example", "93.184.216.34", true);
    check("public.example", "10.0.0.1", false);
    check("public.example", "::ffff:10.0.0.1", false);
    check("hooks.local", "10.0.0.1", true);
    check("hooks.local", "127.0.0.1", true);
    check("hooks.local", "169.254.169.254", false);
    check("any", "169.254.7.9", true);
    check("any", "::ffff:169.254.7.9", true);
    check("any", "fd00:1::5", true);
    check("any", "fd00:2::5", false);
}

#[test]
fn destinations_are_hosts_domains_and_networks() {
    let parse = |text: &str| Destination::try_from(text.to_owned());
    assert_eq!(parse("A.example").unwrap(), Destination::Host("a.example".into()));
    assert_eq!(parse("*.example").unwrap(), Destination::Below(".example".into()));
    assert_eq!(parse("10.0.0.1").unwrap(), Destination::Network("10.0.0.1".parse().unwrap(), 32));
    assert_eq!(parse("::1/128").unwrap(), Destination::Network("::1".parse().unwrap(), 128));
    for text in ["", "*", "*.", "a/8", "10.0.0.0/33", "10.0.0.0/x", "https://a", "a b"] {
        assert!(parse(text).is_err(), "{text}");
    }
}
