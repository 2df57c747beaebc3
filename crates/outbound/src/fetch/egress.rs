//! Which addresses may be fetched from.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Public addresses, and what the configuration allows beside them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Egress {
    allowed: Vec<Range>,
}

/// Addresses with the same first bits: `10.0.0.0/8`, `fd00::/8`, or one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    base: IpAddr,
    bits: u8,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not a range of addresses; write 10.0.0.0/8, fd00::/8 or an address alone")]
pub struct InvalidRange(String);

/// What is not the public internet (IANA IPv4 Special-Purpose Address Registry), cloud metadata services
/// (169.254.169.254) among the link-local.
const NOT_PUBLIC_4: [(Ipv4Addr, u8); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    // Alibaba Cloud's metadata service, in the midst of public space for carriers.
    (Ipv4Addr::new(100, 100, 100, 200), 32),
];

/// Of IPv6 only 2000::/3 is public, and of that not these (IANA IPv6 Special-Purpose Address Registry): Teredo and the
/// rest of 2001::/23, documentation, and documentation again.
const NOT_PUBLIC_6: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

impl Egress {
    /// The public internet.
    pub fn public() -> Self {
        Self::default()
    }

    /// The public internet and these.
    pub fn allowing(allowed: Vec<Range>) -> Self {
        Self { allowed }
    }

    /// Everywhere: for addresses that the operator alone can name.
    pub fn anywhere() -> Self {
        let all = |base| Range { base, bits: 0 };
        Self { allowed: vec![all(Ipv4Addr::UNSPECIFIED.into()), all(Ipv6Addr::UNSPECIFIED.into())] }
    }

    pub fn allows(&self, address: IpAddr) -> bool {
        let meant = embedded(address);
        self.allowed.iter().any(|range| range.contains(address) || range.contains(meant)) || is_public(meant)
    }
}

impl Range {
    fn contains(self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                same_start(base.to_bits(), address.to_bits(), self.bits)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let (base, address, bits) = (base.to_bits(), address.to_bits(), u32::from(self.bits));
                (base ^ address).checked_shr(128 - bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Range {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, InvalidRange> {
        let invalid = || InvalidRange(text.to_owned());
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().map_err(|_| invalid())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| invalid()))?;
        if bits <= most { Ok(Self { base, bits }) } else { Err(invalid()) }
    }
}

/// The IPv4 address that an IPv6 one stands for: mapped, translated (NAT64) or tunnelled (6to4).
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let segments = v6.segments();
    let pair = |at: usize| Ipv4Addr::from(u32::from(segments[at]) << 16 | u32::from(segments[at + 1]));
    match segments {
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => IpAddr::V4(pair(6)),
        [0x2002, ..] => IpAddr::V4(pair(1)),
        _ => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !NOT_PUBLIC_4.iter().any(|(base, bits)| same_start(base.to_bits(), address.to_bits(), *bits))
        }
        IpAddr::V6(address) => {
            let within =
                |base: Ipv6Addr, bits: u8| Range { base: base.into(), bits }.contains(address.into());
            within(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
                && !NOT_PUBLIC_6.iter().any(|(base, bits)| within(*base, *bits))
        }
    }
}

fn same_start(base: u32, address: u32, bits: u8) -> bool {
    (base ^ address).checked_shr(32 - u32::from(bits)).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(egress: &Egress, address: &str) -> bool {
        egress.allows(address.parse().unwrap())
    }

    #[test]
    fn only_the_public_internet() {
        let public = Egress::public();
        for good in
            ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2002:101:101::1"]
        {
            assert!(allows(&public, good), "{good}");
        }
        for bad in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b:1::1",
        ] {
            assert!(!allows(&public, bad), "{bad}");
        }
    }

    #[test]
    fn what_the_configuration_allows() {
        let egress = Egress::allowing(vec!["10.0.0.0/8".parse().unwrap(), "127.0.0.1".parse().unwrap()]);
        for good in ["10.9.8.7", "127.0.0.1", "::ffff:10.0.0.1", "1.1.1.1"] {
            assert!(allows(&egress, good), "{good}");
        }
        for bad in ["11.0.0.1", "127.0.0.2", "192.168.0.1", "::1"] {
            assert_eq!(allows(&egress, bad), bad == "11.0.0.1", "{bad}");
        }
        let anywhere = Egress::anywhere();
        assert!(
            allows(&anywhere, "127.0.0.1")
                && allows(&anywhere, "::1")
                && allows(&anywhere, "169.254.169.254")
        );
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10/8", "localhost"] {
            assert!(bad.parse::<Range>().is_err(), "{bad}");
        }
    }
}
