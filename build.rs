//! Linker flags that a Node.js addon needs; nothing when built without the binding.

fn main() {
    if std::env::var_os("CARGO_FEATURE_NODE").is_some() {
        napi_build::setup();
    }
}
