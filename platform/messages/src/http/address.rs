//! Which addresses may be called: those of the public internet, and what the operator listed. Pure but for one
//! question to the routing table: whether an address is this machine's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use yiwang_kernel::{Error, Result};

/// Entries of a list at most.
const ENTRIES_MAX: usize = 200;

/// The addresses an operator allows for one use, besides public ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    network: IpAddr,
    bits: u8,
    port: Option<u16>,
}

impl Allowed {
    /// Reads a list: addresses or networks, each with or without a port, between them blanks, commas or line ends:
    /// `10.20.0.0/16, 10.1.2.3:8443, fd00::/8, [fd00::7]:443`. Names are not taken: what they mean can change.
    pub fn parse(list: &str) -> Result<Allowed> {
        let parts = list.split(|letter: char| letter == ',' || letter.is_whitespace()).filter(|part| !part.is_empty());
        let entries = parts.map(entry).collect::<Result<Vec<_>>>()?;
        if entries.len() > ENTRIES_MAX {
            return Err(Error::invalid("http_allowed", "http-list-long").with("limit", ENTRIES_MAX));
        }
        Ok(Allowed(entries))
    }

    /// Whether the operator listed this address.
    pub(crate) fn lists(&self, address: SocketAddr) -> bool {
        let ip = plain(address.ip());
        self.0
            .iter()
            .any(|entry| entry.port.is_none_or(|port| port == address.port()) && within(ip, entry.network, entry.bits))
    }

    /// Whether this address may be called: listed, or public and not this machine's own.
    pub(crate) fn permits(&self, address: SocketAddr) -> bool {
        self.lists(address) || (is_public(address.ip()) && !is_own(address))
    }
}

fn entry(text: &str) -> Result<Entry> {
    let wrong = || Error::invalid("http_allowed", "http-list-entry").with("given", text);
    if let Ok(address) = text.parse::<SocketAddr>() {
        let network = plain(address.ip());
        return Ok(Entry { network, bits: width(network), port: Some(address.port()) });
    }
    let (network, rest) = match text.split_once('/') {
        Some((network, rest)) => (network, Some(rest)),
        None => (text, None),
    };
    let network = plain(network.trim_matches(['[', ']']).parse().map_err(|_| wrong())?);
    let (bits, port) = match rest {
        None => (width(network), None),
        Some(rest) => match rest.split_once(':') {
            Some((bits, port)) => (bits.parse().map_err(|_| wrong())?, Some(port.parse().map_err(|_| wrong())?)),
            None => (rest.parse().map_err(|_| wrong())?, None),
        },
    };
    if bits > width(network) {
        return Err(wrong());
    }
    Ok(Entry { network, bits, port })
}

fn width(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

/// An IPv4 address written as IPv6 is the IPv4 address.
fn plain(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

fn within(ip: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            ip.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            ip.to_bits() & mask == network.to_bits() & mask
        }
        _ => false,
    }
}

/// Whether an address belongs to the public internet (the registries of special addresses, RFC 6890 and later).
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match plain(ip) {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    const SPECIAL: [([u8; 4], u8); 14] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        // Multicast, reserved and broadcast.
        ([224, 0, 0, 0], 3),
    ];
    !SPECIAL.iter().any(|(network, bits)| within(ip.into(), Ipv4Addr::from(*network).into(), *bits))
}

/// Only global unicast (2000::/3), without what tunnels into IPv4, documents or tests.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    const SPECIAL: [([u16; 8], u8); 5] = [
        // Teredo and the other protocol assignments.
        ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
        ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
        // 6to4 holds an IPv4 address.
        ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
        ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
        ([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48),
    ];
    let in_network = |network: [u16; 8], bits: u8| within(ip.into(), Ipv6Addr::from(network).into(), bits);
    in_network([0x2000, 0, 0, 0, 0, 0, 0, 0], 3) && !SPECIAL.iter().any(|(network, bits)| in_network(*network, *bits))
}

/// Whether packets to this address would leave from that very address, which is so for this machine alone. Connecting
/// a datagram socket sends nothing.
fn is_own(address: SocketAddr) -> bool {
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let from = UdpSocket::bind(any).and_then(|socket| {
        socket.connect(address)?;
        socket.local_addr()
    });
    from.is_ok_and(|from| plain(from.ip()) == plain(address.ip()))
}
