//! What must not compile, and the words in which the compiler says so.
#![cfg(feature = "native-tls")]

#[test]
fn what_must_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
