//! Writes down twice where the fields of the structs lie: as the C compiler has it, and as bindgen.
//!
//! A test compares the two, so that a flag that reached one of them only does not go unseen.

use crate::failure::{Failure, out_dir};
use std::{fmt::Write as _, fs, path::PathBuf};

/// One run of bindgen.
#[derive(Debug)]
pub(crate) struct Run {
    /// The header in `shim` that it read.
    header: &'static str,
    /// The name of the files, and of the list in C, to be written here.
    name: &'static str,
    /// The structs whose fields Rust code reads or writes, and their names in C.
    structs: &'static [(&'static str, &'static str)],
}

/// What the modules of a P-CSCF offer each other.
pub(crate) const PCSCF: Run = Run {
    header: "pcscf.h",
    name: "layout_pcscf",
    structs: &[
        ("usrloc_api", "struct usrloc_api"),
        ("udomain", "struct udomain"),
        ("pcontact_info", "struct pcontact_info"),
        ("pcontact", "struct pcontact"),
        ("ppublic", "struct ppublic"),
        ("security", "struct security"),
        ("ipsec", "struct ipsec"),
        ("tls", "struct tls"),
        ("ul_callback", "struct ul_callback"),
        ("ulcb_head_list", "struct ulcb_head_list"),
        ("ipsec_pcscf_api", "struct ipsec_pcscf_api"),
        ("pua_api", "struct pua_api"),
        ("subs_info", "struct subs_info"),
        ("publ_info", "struct publ_info"),
        ("ua_pres", "struct ua_pres"),
    ],
};

/// What the location store of an S-CSCF offers, and the dialogs it looks at.
pub(crate) const SCSCF: Run = Run {
    header: "scscf.h",
    name: "layout_scscf",
    structs: &[
        ("usrloc_api", "struct usrloc_api"),
        ("udomain", "struct udomain"),
        ("hslot", "struct hslot"),
        ("hslot_sp", "struct hslot_sp"),
        ("contact_hslot", "struct contact_hslot"),
        ("impurecord", "struct impurecord"),
        ("impu_contact_holder", "struct impu_contact_holder"),
        ("impu_contact", "struct impu_contact"),
        ("ucontact", "struct ucontact"),
        ("ucontact_info", "struct ucontact_info"),
        ("ims_subscription_s", "struct ims_subscription_s"),
        ("ims_service_profile", "ims_service_profile"),
        ("ims_public_identity", "ims_public_identity"),
        ("_ims_filter_criteria", "struct _ims_filter_criteria"),
        ("_ims_application_server", "struct _ims_application_server"),
        ("_ims_trigger_point", "struct _ims_trigger_point"),
        ("_ims_spt", "struct _ims_spt"),
        ("_ims_sip_header", "struct _ims_sip_header"),
        ("_ims_session_desc", "struct _ims_session_desc"),
        ("_ims_cn_service_auth", "struct _ims_cn_service_auth"),
        ("_reg_subscriber", "struct _reg_subscriber"),
        ("_subscriber_data", "struct _subscriber_data"),
        ("ul_callback", "struct ul_callback"),
        ("ulcb_head_list", "struct ulcb_head_list"),
        ("contact_dialog_data", "struct contact_dialog_data"),
        ("contact_list", "struct contact_list"),
        ("ims_subscription_list", "struct ims_subscription_list"),
        ("ims_dlg_binds", "struct ims_dlg_binds"),
        ("dlg_cb_params", "struct dlg_cb_params"),
        ("dlg_cell", "struct dlg_cell"),
        ("dlg_cell_out", "struct dlg_cell_out"),
        ("dlg_entry_out", "struct dlg_entry_out"),
    ],
};

/// What the Diameter module offers.
pub(crate) const CDP: Run = Run {
    header: "cdp.h",
    name: "layout_cdp",
    structs: &[
        ("cdp_binds", "struct cdp_binds"),
        ("avp", "struct avp"),
        ("_avp_list_t", "struct _avp_list_t"),
        ("_message_t", "struct _message_t"),
    ],
};

/// The core, and the modules that are bound everywhere.
pub(crate) const CORE: Run = Run { header: "wrapper.h", name: "layout", structs: &STRUCTS };

const STRUCTS: [(&str, &str); 44] = [
    ("_str", "struct _str"),
    ("sip_msg", "struct sip_msg"),
    ("msg_start", "struct msg_start"),
    ("hdr_field", "struct hdr_field"),
    ("to_body", "struct to_body"),
    ("cseq_body", "struct cseq_body"),
    ("sip_uri", "struct sip_uri"),
    ("via_body", "struct via_body"),
    ("contact", "struct contact"),
    ("contact_body", "struct contact_body"),
    ("rr", "struct rr"),
    ("param", "struct param"),
    ("receive_info", "struct receive_info"),
    ("ip_addr", "struct ip_addr"),
    ("socket_info", "struct socket_info"),
    ("sdp_session_cell", "struct sdp_session_cell"),
    ("sdp_stream_cell", "struct sdp_stream_cell"),
    ("dlg", "struct dlg"),
    ("uac_req", "struct uac_req"),
    ("tmcb_params", "struct tmcb_params"),
    ("tm_binds", "struct tm_binds"),
    ("cell", "struct cell"),
    ("sl_api", "struct sl_api"),
    ("sl_cbp", "struct sl_cbp"),
    ("sl_cbelem", "struct sl_cbelem"),
    ("db_func", "struct db_func"),
    ("db1_res", "struct db1_res"),
    ("db_row", "struct db_row"),
    ("db_val_t", "db_val_t"),
    ("module_exports", "struct module_exports"),
    ("cmd_export", "struct cmd_export"),
    ("param_export", "struct param_export"),
    ("action_u_t", "action_u_t"),
    ("fparam", "struct fparam"),
    ("rpc", "struct rpc"),
    ("rpc_export", "struct rpc_export"),
    ("stat_export_s", "struct stat_export_s"),
    ("sr_kemi", "struct sr_kemi"),
    ("_cfg_def", "struct _cfg_def"),
    ("_pv_export", "struct _pv_export"),
    ("_pv_value", "struct _pv_value"),
    ("_pv_param", "struct _pv_param"),
    ("_pv_name", "struct _pv_name"),
    ("_pv_spec", "struct _pv_spec"),
];

/// Reads the checks that bindgen wrote into `bindings`; gives the C file with the same list.
pub(crate) fn write(run: &Run, bindings: &str) -> Result<PathBuf, Failure> {
    let Run { header, name: list, structs } = run;
    let checks = checks(bindings);
    let mut c = format!("#include \"{header}\"\n\nconst unsigned long ks_{list}[] = {{\n");
    let mut rust = String::from("&[\n");
    let mut add = |what: &str, in_c: &str, bytes: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(c, "\t{in_c},");
        let _ = writeln!(rust, "    (\"{what}\", {bytes}),");
    };
    for (name, in_c) in *structs {
        let label = format!("Size of {name}");
        let size = checks.iter().find(|(known, _)| *known == label);
        let (_, size) = size.ok_or_else(|| Failure::new(format!("no struct {name} was bound")))?;
        add(name, &format!("sizeof({in_c})"), size);
        let start = format!("Offset of field: {name}::");
        for (label, bytes) in &checks {
            // Bit fields and nameless unions have names of bindgen's own.
            let field = label.strip_prefix(&start).filter(|field| !field.contains("bindgen"));
            let Some(field) = field else { continue };
            // A word that Rust keeps for itself gets a line at its end.
            let kept = ["type_", "match_", "use_", "mod_", "ref_"].contains(&field);
            let member = if kept { field.trim_end_matches('_') } else { field };
            add(&format!("{name}.{field}"), &format!("offsetof({in_c}, {member})"), bytes);
        }
    }
    // Writing to a string cannot fail.
    let _ =
        writeln!(c, "}};\nconst unsigned long ks_{list}_len = sizeof(ks_{list}) / sizeof(long);");
    rust.push_str("]\n");
    let path = out_dir()?.join(format!("{list}.rs"));
    fs::write(&path, &rust).map_err(|error| Failure::file(&path, &error))?;
    let path = path.with_extension("c");
    fs::write(&path, &c).map_err(|error| Failure::file(&path, &error))?;
    Ok(path)
}

/// The checks in `bindings`, each as its text and its number:
/// `["Size of x"][::std::mem::size_of::<x>() - 24usize];`
fn checks(bindings: &str) -> Vec<(&str, &str)> {
    let check = |statement| {
        let (_, check): (&str, &str) = str::split_once(statement, "[\"")?;
        let (label, rest) = check.split_once("\"]")?;
        let (_, number) = rest.trim_end().rsplit_once(" - ")?;
        Some((label, number.strip_suffix("usize]")?))
    };
    bindings.split(';').filter_map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::checks;

    #[test]
    fn a_check_of_bindgen_is_read_over_line_ends() {
        let text = "const _: () = {\n    [\"Size of x\"][::std::mem::size_of::<x>() - 24usize];\n\
                    [\"Offset of field: x::y\"]\n        [::std::mem::offset_of!(x, y) - 8usize];\n};";
        assert_eq!(checks(text), [("Size of x", "24"), ("Offset of field: x::y", "8")]);
    }

    #[test]
    fn other_statements_are_no_checks() {
        assert_eq!(checks("let a = [0; 3]; [\"x\"]; b - 1usize;"), []);
    }
}
