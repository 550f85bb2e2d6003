//! Turns what `kamailio-sys` found about the host into `cfg` flags, and hands on to the modules
//! where the libraries of the host are (`DEP_KAMAILIO_RUNTIME_RPATH`).

use std::env;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(kamailio_6)");
    println!("cargo::rustc-check-cfg=cfg(kamailio_6_1)");
    println!("cargo::rerun-if-env-changed=DEP_KAMAILIO_VERSION");
    println!("cargo::rerun-if-env-changed=DEP_KAMAILIO_RPATH");
    let version: u32 =
        env::var("DEP_KAMAILIO_VERSION").ok().and_then(|v| v.parse().ok()).unwrap_or(0);
    if version >= 6_000_000 {
        println!("cargo::rustc-cfg=kamailio_6");
    }
    if version >= 6_001_000 {
        println!("cargo::rustc-cfg=kamailio_6_1");
    }
    if let Ok(rpath) = env::var("DEP_KAMAILIO_RPATH") {
        println!("cargo::metadata=rpath={rpath}");
    }
}
