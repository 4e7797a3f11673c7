//! What `vesalius check` and the commands beside it say, with a laboratory of small executables.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

/// A test for each thing that is said, held against its snapshot.
macro_rules! mistakes {
    ($($name:ident: $said:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), $said);
        }
    )*};
}

mod commands;
mod common_values;
mod doctor;
mod graphs;
mod hostile;
mod lab;
mod mistakes;
mod plans;
