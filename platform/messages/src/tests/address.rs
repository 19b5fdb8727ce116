//! Which addresses may be called.

use std::net::{IpAddr, SocketAddr};

use crate::http::Allowed;

fn permits(list: &str, address: &str) -> bool {
    let ip: IpAddr = address.parse().expect("an address");
    Allowed::parse(list).expect("a list").permits(SocketAddr::new(ip, 443))
}

#[test]
fn inside_and_special_addresses_are_refused() {
    for refused in [
        "0.0.0.0",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "127.0.0.1",
        "127.9.9.9",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:192.168.1.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
        "2001:0:1::1",
    ] {
        assert!(!permits("", refused), "{refused}");
    }
}

#[test]
fn public_addresses_pass() {
    for public in ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "::ffff:8.8.8.8", "2606:4700::1111"]
    {
        assert!(permits("", public), "{public}");
    }
}

#[test]
fn the_operators_list_opens_what_it_names_and_no_more() {
    let list = "10.20.0.0/16, 192.168.1.7\nfd00::/8 127.0.0.1:443 [fe80::1]:443 172.16.0.0/12:443";
    for listed in ["10.20.255.1", "192.168.1.7", "::ffff:192.168.1.7", "fd99::1", "127.0.0.1", "fe80::1", "172.20.0.1"]
    {
        assert!(permits(list, listed), "{listed}");
    }
    for other in ["10.21.0.1", "192.168.1.8", "fc00::1", "127.0.0.2", "fe80::2", "::1"] {
        assert!(!permits(list, other), "{other}");
    }
    assert!(!permits("127.0.0.1:8080", "127.0.0.1"), "another port");
}

#[test]
fn names_and_nonsense_are_no_entries() {
    for wrong in ["inside.example", "10.0.0.0/33", "10.0.0", "fd00::/129", "10.0.0.1:99999", "/8"] {
        assert_eq!(Allowed::parse(wrong).expect_err(wrong).code(), "http-list-entry", "{wrong}");
    }
    assert_eq!(Allowed::parse(" ,\n ").expect("nothing"), Allowed::default());
}
