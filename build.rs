//! Turns what `kamailio-sys` found about the host into `cfg` flags, and hands the arguments for
//! the linker on to the modules (`DEP_KAMAILIO_RUNTIME_LINK`, separated by semicolons).

use std::env;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(kamailio_5_7)");
    println!("cargo::rustc-check-cfg=cfg(kamailio_6)");
    println!("cargo::rustc-check-cfg=cfg(kamailio_6_1)");
    println!("cargo::rerun-if-env-changed=DEP_KAMAILIO_VERSION");
    println!("cargo::rerun-if-env-changed=DEP_KAMAILIO_LINK");
    let version: u32 =
        env::var("DEP_KAMAILIO_VERSION").ok().and_then(|v| v.parse().ok()).unwrap_or(0);
    if version >= 5_007_000 {
        println!("cargo::rustc-cfg=kamailio_5_7");
    }
    if version >= 6_000_000 {
        println!("cargo::rustc-cfg=kamailio_6");
    }
    if version >= 6_001_000 {
        println!("cargo::rustc-cfg=kamailio_6_1");
    }
    if let Ok(link) = env::var("DEP_KAMAILIO_LINK") {
        println!("cargo::metadata=link={link}");
    }
}
