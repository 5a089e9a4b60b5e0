//! Handles of a profile's strings, functions, frames and stacks: places in its columns. Those of another profile mean nothing.

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) struct $name(pub(super) u32);

        impl $name {
            pub(super) fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

handles! {
    /// A text.
    Text,
    /// A function: its name, its file, where it begins.
    Function,
    /// A place in a function.
    Frame,
    /// A frame and those that called it.
    Stack,
    /// The labels of a sample.
    Labels,
}
