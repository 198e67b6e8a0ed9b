//! Which URIs a prefix can be held against.
//!
//! Percent-encoding, dot segments and a few other liberties give one resource many spellings (RFC 3986, section 6.2), and
//! whoever uses the URI may normalize it. So a prefix speaks only of URIs that have one spelling.

/// Why a text is no prefix that ends at a segment, if it is none.
pub(crate) fn prefix_problem(prefix: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = prefix.split_once("://") else {
        return Some("it is not scheme://authority, with or without a path");
    };
    if !is_scheme(scheme) {
        return Some("its scheme is not in lower case");
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if !is_plain_authority(authority) {
        return Some(
            "its authority is missing, or not in lower case, or holds a user's name or an escape",
        );
    }
    if path.ends_with('/') {
        return Some("it ends in `/`; leave that out, a prefix ends with a whole segment");
    }
    match is_plain_path(path) {
        true => None,
        false => Some(
            "its path holds an escape, a query, a fragment, or a segment that is empty or of dots",
        ),
    }
}

/// Whether a URI may be another one to its reader.
pub(crate) fn is_ambiguous(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return true;
    };
    let Some(rest) = rest.strip_prefix("//") else {
        // Without an authority it is no URI that a prefix speaks of, but some readers supply the slashes that are missing.
        return rest.starts_with(['/', '\\']) || SPECIAL.contains(&scheme);
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = path.strip_suffix('/').unwrap_or(path);
    !is_scheme(scheme) || !is_plain_authority(authority) || !is_plain_path(path)
}

/// Schemes that always have an authority to readers of the WHATWG's URL standard, however it is written.
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

/// Empty, or segments with a slash before each.
fn is_plain_path(path: &str) -> bool {
    path.strip_prefix('/').is_none_or(|segments| {
        segments.split('/').all(|segment| {
            // Parameters behind a semicolon do not hide dots.
            !matches!(segment.split(';').next(), None | Some("" | "." | ".."))
                && segment
                    .bytes()
                    .all(|b| b.is_ascii_graphic() && !b"%\\?#".contains(&b))
        })
    })
}
