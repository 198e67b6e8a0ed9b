//! Workload identifiers of other schemes than SPIFFE's: URIs, matched whole or by whole segments.

use mtls::PeerMatcher as M;

use super::{Leaf, Peer};

const AGENT: &str = "wimse://trust.example/billing/agent";

#[test]
fn a_workload_of_wimse_is_matched_whole_or_by_segments() {
    let peer = Peer::with(Leaf::named("agent").uri(AGENT));
    for (matcher, accepts) in [
        (M::uri(AGENT), true),
        (M::uri_prefix(AGENT), true),
        (M::uri_prefix("wimse://trust.example/billing"), true),
        (M::uri_prefix("wimse://trust.example"), true),
        (M::uri("wimse://trust.example/billing"), false),
        (M::uri("WIMSE://trust.example/billing/agent"), false),
        (M::uri_prefix("wimse://trust.example/bill"), false),
        (
            M::uri_prefix("wimse://trust.example/billing/agent/x"),
            false,
        ),
        (M::uri_prefix("wimse://trust"), false),
        (M::uri_prefix("spiffe://trust.example/billing"), false),
        (M::trust_domain("trust.example"), false),
    ] {
        let matcher = matcher.unwrap();
        assert_eq!(peer.is_accepted_by(&matcher), accepts, "{matcher}");
        // The text form says the same.
        let text = matcher.to_string();
        let parsed: M = text.parse().unwrap();
        assert_eq!((&parsed, parsed.to_string()), (&matcher, text));
        assert_eq!(peer.is_accepted_by(&parsed), accepts, "{matcher}");
    }
}

#[test]
fn the_text_form_knows_other_schemes() {
    for text in [
        "uri(\"wimse://trust.example/billing/agent\")",
        "uri_prefix(\"wimse://trust.example/billing\")",
        "uri(\"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6\")",
    ] {
        let matcher: M = text.parse().unwrap();
        assert_eq!(matcher.to_string(), text);
    }
    for prefix in [
        "wimse://",
        "wimse://trust.example/",
        "wimse://Trust.example/x",
    ] {
        assert!(M::uri_prefix(prefix).is_err(), "{prefix}");
    }
}

/// What another program may read as another workload is not accepted by a prefix, nor by its opposite.
#[test]
fn a_workload_with_several_spellings_is_matched_by_no_prefix() {
    for uri in [
        "wimse://trust.example/billing/../admin",
        "wimse://trust.example/billing/%61gent",
        "wimse://user@trust.example/billing",
        "wimse://trust.example/billing//agent",
    ] {
        let peer = Peer::with(Leaf::named("odd").uri(uri));
        let prefix = || M::uri_prefix("wimse://trust.example/billing").unwrap();
        assert!(!peer.is_accepted_by(&prefix()), "{uri}");
        assert!(!peer.is_accepted_by(&M::not(prefix())), "{uri}");
        assert!(peer.is_accepted_by(&M::uri(uri).unwrap()), "{uri}");
    }
}

/// Two workload identifiers in one certificate: each is a URI of the peer, and neither a SPIFFE ID.
#[test]
fn a_spiffe_id_beside_it_is_no_spiffe_id() {
    let peer = Leaf::named("both").uri(AGENT);
    let peer = Peer::with(peer.uri("spiffe://trust.example/billing/agent"));
    assert!(peer.is_accepted_by(&M::uri(AGENT).unwrap()));
    assert!(!peer.is_accepted_by(&M::trust_domain("trust.example").unwrap()));
}
