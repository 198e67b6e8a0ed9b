//! URIs that can be compared with a prefix.
//!
//! Percent-encoding, dot segments and a few other variations give one resource many spellings (RFC
//! 3986, section 6.2), and another program may normalize the URI. So a prefix matches only URIs
//! with a single spelling.

use super::problem::PatternProblem;

/// Returns why a text is not a prefix of whole URI segments.
pub(crate) fn prefix_problem(prefix: &str) -> Option<PatternProblem> {
    let Some((scheme, rest)) = prefix.split_once("://") else {
        return Some(PatternProblem::NotAUriPrefix);
    };
    if !is_scheme(scheme) {
        return Some(PatternProblem::UpperCaseScheme);
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if !is_plain_authority(authority) {
        return Some(PatternProblem::InvalidAuthority);
    }
    if path.ends_with('/') {
        return Some(PatternProblem::TrailingSlash);
    }
    if is_plain_path(path) {
        None
    } else {
        Some(PatternProblem::InvalidPath)
    }
}

/// Returns whether another program may read a URI as a different one.
pub(crate) fn is_ambiguous(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return true;
    };
    let Some(rest) = rest.strip_prefix("//") else {
        // A URI without an authority matches no prefix, but some readers add the missing slashes.
        return rest.starts_with(['/', '\\']) || SPECIAL.contains(&scheme);
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = path.strip_suffix('/').unwrap_or(path);
    !is_scheme(scheme) || !is_plain_authority(authority) || !is_plain_path(path)
}

/// Schemes that always have an authority in the WHATWG's URL standard, however it is written.
const SPECIAL: &[&str] = &["file", "ftp", "http", "https", "ws", "wss"];

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b))
}

fn is_plain_authority(authority: &str) -> bool {
    !authority.is_empty()
        && authority.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_:[]~!$&'()*+,;=".contains(&b)
        })
}

/// Returns whether the path is empty, or consists of plain segments after slashes.
fn is_plain_path(path: &str) -> bool {
    path.strip_prefix('/').is_none_or(|segments| {
        segments.split('/').all(|segment| {
            // Parameters after a semicolon do not hide dots.
            !matches!(segment.split(';').next(), None | Some("" | "." | ".."))
                && segment
                    .bytes()
                    .all(|b| b.is_ascii_graphic() && !b"%\\?#".contains(&b))
        })
    })
}
