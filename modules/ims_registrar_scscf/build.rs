//! Links the module with what it needs of the host.

fn main() {
    println!("cargo::rerun-if-env-changed=DEP_KAMAILIO_RUNTIME_LINK");
    let link = std::env::var("DEP_KAMAILIO_RUNTIME_LINK").unwrap_or_default();
    for arg in link.split(';').filter(|arg| !arg.is_empty()) {
        println!("cargo::rustc-cdylib-link-arg={arg}");
    }
}
