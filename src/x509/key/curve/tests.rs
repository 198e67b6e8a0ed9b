//! The verdicts beside those of the curve crates, which these have to be.

use ed25519_dalek::VerifyingKey;
use p256::elliptic_curve::sec1::ToSec1Point;
use sha2::{Digest, Sha512};

use super::*;

const ROUNDS: u32 = 2000;

fn octets(round: u32) -> [u8; 64] {
    Sha512::digest(round.to_be_bytes()).into()
}

/// A point, and what is next to it: other coordinates, other forms, unreduced numbers.
fn variants(point: &[u8], prime: &[u8]) -> Vec<Vec<u8>> {
    let (x, y) = point[1..].split_at(prime.len());
    let mut all = vec![point.to_vec(), [&[4], y, x].concat(), [&[4], x, x].concat()];
    for place in [0, 1, 1 + x.len() / 2, x.len(), point.len() - 1] {
        let mut changed = point.to_vec();
        changed[place] ^= 1;
        all.push(changed);
    }
    for extreme in [
        prime.to_vec(),
        vec![0xff; prime.len()],
        vec![0; prime.len()],
    ] {
        all.push([&[4], &extreme[..], y].concat());
        all.push([&[4], x, &extreme[..]].concat());
    }
    all.push(point[..point.len() - 1].to_vec());
    all.push([point, &[0]].concat());
    all
}

fn prime<P: ConstMontyParams<LIMBS>, const LIMBS: usize>() -> Vec<u8> {
    let words = P::PARAMS.modulus().as_ref().to_words();
    words.iter().rev().flat_map(|w| w.to_be_bytes()).collect()
}

#[test]
fn points_of_nist_curves() {
    let (mut good, mut bad) = (0, 0);
    for round in 0..ROUNDS / 10 {
        let octets = octets(round);
        let p256 = p256::SecretKey::from_slice(&octets[..32])
            .unwrap()
            .public_key();
        let p256 = p256.to_sec1_point(false);
        for point in variants(p256.as_bytes(), &prime::<P256, _>()) {
            let is_point = point.len() == 65
                && point[0] == 4
                && p256::PublicKey::from_sec1_bytes(&point).is_ok();
            assert_eq!(fault_on_p256(&point).is_none(), is_point, "{point:02x?}");
            *if is_point { &mut good } else { &mut bad } += 1;
        }
        let p384 = p384::SecretKey::from_slice(&octets[..48])
            .unwrap()
            .public_key();
        let p384 = p384.to_sec1_point(false);
        for point in variants(p384.as_bytes(), &prime::<P384, _>()) {
            let is_point = point.len() == 97
                && point[0] == 4
                && p384::PublicKey::from_sec1_bytes(&point).is_ok();
            assert_eq!(fault_on_p384(&point).is_none(), is_point, "{point:02x?}");
            *if is_point { &mut good } else { &mut bad } += 1;
        }
    }
    assert!(good >= 2 * ROUNDS / 10 && bad > 10 * good, "{good} {bad}");
}

fn is_strong_by_dalek(key: &[u8]) -> bool {
    VerifyingKey::try_from(key)
        .is_ok_and(|key| !key.is_weak() && key.to_edwards().compress().as_bytes() == key.as_bytes())
}

#[test]
fn points_of_ed25519() {
    let mut keys: Vec<Vec<u8>> = (0..ROUNDS).map(|r| octets(r)[..32].to_vec()).collect();
    // The last and the first reduced numbers, and the unreduced ones.
    for low in 0..=u8::MAX {
        for high in [0x7f, 0xff] {
            keys.push([&[low][..], &[0xff; 30], &[high]].concat());
        }
        for high in [0, 0x80] {
            keys.push([&[low][..], &[0; 30], &[high]].concat());
        }
    }
    for y in ED25519_SMALL_ORDER {
        let mut octets: Vec<u8> = y.to_words().iter().flat_map(|w| w.to_le_bytes()).collect();
        assert!(VerifyingKey::try_from(&*octets).is_ok_and(|key| key.is_weak()));
        for _ in 0..2 {
            assert_eq!(fault_on_ed25519(&octets), Some(KeyFault::WeakPoint));
            keys.push(octets.clone());
            octets[31] ^= 0x80;
        }
    }
    keys.extend([Vec::new(), vec![9; 31], vec![9; 33]]);
    let mut strong = 0;
    for key in &keys {
        let is_strong = is_strong_by_dalek(key);
        assert_eq!(fault_on_ed25519(key).is_none(), is_strong, "{key:02x?}");
        strong += u32::from(is_strong);
    }
    assert!(strong > ROUNDS / 3, "{strong}");
}
