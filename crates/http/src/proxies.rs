//! Who a request comes from, where proxies stand in front.

use std::{net::IpAddr, str::FromStr};

use http::HeaderMap;

/// Networks whose machines may say for whom they ask (`X-Forwarded-For`). None trusts nobody, and the peer is the caller.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<Network>);

/// `10.0.0.0/8`, `::1`, `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a network: expected an address, or an address and a prefix such as 10.0.0.0/8")]
pub struct InvalidNetwork(String);

impl TrustedProxies {
    pub fn new(networks: impl IntoIterator<Item = Network>) -> Self {
        Self(networks.into_iter().collect())
    }

    /// From the right, each trusted machine's word for the one before it; the first that is not trusted is the caller.
    /// What a caller wrote into the header itself stands further left and counts for nothing.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.to_canonical();
        let said = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let said: Vec<&str> = said.flat_map(|value| value.split(',')).collect();
        for word in said.into_iter().rev() {
            if !self.0.iter().any(|network| network.holds(caller)) {
                break;
            }
            // What cannot be read is nobody: the proxy that said it is the last one known.
            let Ok(address) = word.trim().trim_matches(['[', ']']).parse::<IpAddr>() else { break };
            caller = address.to_canonical();
        }
        caller
    }
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.trim().parse().map_err(|_| invalid())?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => {
                prefix.trim().parse().ok().filter(|prefix| *prefix <= whole).ok_or_else(invalid)?
            }
            None => whole,
        };
        Ok(Self { address, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(trusted: &[&str], peer: &str, said: &[&str]) -> String {
        let trusted = TrustedProxies::new(trusted.iter().map(|network| network.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        trusted.caller(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_machine_is_believed() {
        assert_eq!(caller(&[], "192.0.2.1", &["198.51.100.9"]), "192.0.2.1");
        assert_eq!(caller(&["10.0.0.0/8"], "10.1.2.3", &["198.51.100.9"]), "198.51.100.9");
        assert_eq!(caller(&["10.0.0.0/8"], "11.1.2.3", &["198.51.100.9"]), "11.1.2.3");
        assert_eq!(caller(&["10.0.0.0/8"], "::ffff:10.1.2.3", &["2001:db8::9"]), "2001:db8::9");
    }

    #[test]
    fn what_the_caller_wrote_counts_for_nothing() {
        let said = ["127.0.0.1, 198.51.100.9", "10.9.9.9"];
        assert_eq!(caller(&["10.0.0.0/8"], "10.1.2.3", &said), "198.51.100.9");
        assert_eq!(caller(&["10.0.0.0/8"], "10.1.2.3", &["198.51.100.9, nonsense"]), "10.1.2.3");
        assert_eq!(caller(&["10.0.0.0/8"], "10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn a_network_is_an_address_and_a_prefix() {
        assert!("0.0.0.0/0".parse::<Network>().is_ok_and(|all| all.holds("192.0.2.1".parse().unwrap())));
        assert!("10.0.0.0/33".parse::<Network>().is_err());
        assert!("ten".parse::<Network>().is_err());
    }
}
