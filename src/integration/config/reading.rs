//! Reading a configuration from a file or a text.

use std::path::Path;

use super::document::field_path::FieldPath;
use super::document::{Document, Format};
use super::error::ConfigError;
use super::fields::settings::{ClientConfig, Config, ServerConfig};
use super::origin::Origin;

/// The functions that both configurations have.
macro_rules! reading {
    ($name:ident, $schema:literal, $section:literal) => {
        impl $name {
            /// The longest file or text in bytes.
            pub const MAX_BYTES: usize = super::document::MAX_BYTES;

            /// The JSON Schema (draft 2020-12) of its fields.
            pub const JSON_SCHEMA: &str = include_str!(concat!("../../../schema/", $schema));

            /// Reads a section of a file, and follows the file from then on.
            ///
            /// The ending of the name tells the format: `.toml`, `.yaml`, `.yml` or `.json`. The
            #[doc = concat!("section is the dotted path of a table, such as `", $section, "`; the empty text is the")]
            /// whole file. Other sections are left alone.
            ///
            /// # Errors
            /// [`ConfigError`]: the file cannot be read, is longer than
            /// [`MAX_BYTES`](Self::MAX_BYTES), or is wrong. It names field, line and column.
            pub fn from_file(path: impl AsRef<Path>, section: &str) -> Result<Self, ConfigError> {
                read(Document::read(path.as_ref())?, section)
            }

            /// Reads a section of a text. Relative paths belong to the current directory.
            ///
            /// # Errors
            /// Those of [`from_file`](Self::from_file).
            pub fn from_text(
                text: &str,
                format: Format,
                section: &str,
            ) -> Result<Self, ConfigError> {
                read(Document::new(text, format)?, section)
            }
        }
    };
}

reading!(ClientConfig, "client-config.json", "upstream");
reading!(ServerConfig, "server-config.json", "tls");

fn read<C: Config>(document: Document, section: &str) -> Result<C, ConfigError> {
    let section = FieldPath::of_section(section);
    let mut config: C = document.section(&section)?;
    *config.origin_mut() = Origin::of_section(document, section);
    config.shared().check()?;
    Ok(config)
}
