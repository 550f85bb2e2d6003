function ksr_request_route() {
    if (KSR.is_method("OPTIONS")) {
        KSR.sl.send_reply(200, "Up");
        return;
    }
    if (KSR.is_method("REGISTER")) {
        var pending = KSR.ims_registrar_pcscf.pcscf_save_pending("location");
        KSR.hdr.append("X-Rc: " + pending + "\r\n");
        KSR.tm.t_on_reply("ksr_onreply_registered");
        KSR.pv.sets("$avp(rc)", "" + pending);
        KSR.pv.sets("$du", "{core}");
        KSR.tm.t_relay();
        return;
    }
    var rc = called(KSR.pv.gete("$hdr(X-Do)"));
    if (KSR.pv.gete("$hdr(X-Relay)") != "") {
        KSR.hdr.append("X-Rc: " + rc + "\r\n");
        KSR.pv.sets("$du", KSR.pv.gete("$hdr(X-Relay)"));
        KSR.tm.t_on_reply("ksr_onreply_answered");
        KSR.tm.t_relay();
        return;
    }
    KSR.hdr.append_to_reply("X-Rc: " + rc + "\r\n");
    KSR.hdr.append_to_reply("X-Du: " + KSR.pv.gete("$du") + "\r\n");
    KSR.hdr.append_to_reply("X-Asserted: " + KSR.pv.gete("$pcscf_asserted_identity") + "\r\n");
    KSR.sl.send_reply(200, "Done");
}

// The function that the request names.
function called(name) {
    if (name == "is_registered") {
        return KSR.ims_registrar_pcscf.pcscf_is_registered("location");
    }
    if (name == "follows") {
        return KSR.ims_registrar_pcscf.pcscf_follows_service_routes("location");
    }
    if (name == "force") {
        return KSR.ims_registrar_pcscf.pcscf_force_service_routes("location");
    }
    if (name == "assert") {
        var id = KSR.pv.gete("$hdr(X-Identity)");
        return KSR.ims_registrar_pcscf.pcscf_assert_identity("location", id);
    }
    if (name == "unregister") {
        var aor = KSR.pv.gete("$hdr(X-Aor)");
        var host = KSR.pv.gete("$hdr(X-Host)");
        var port = KSR.pv.gete("$hdr(X-Port)");
        return KSR.ims_registrar_pcscf.pcscf_unregister("location", aor, host, port);
    }
    if (name == "notify") {
        return KSR.ims_registrar_pcscf.reginfo_handle_notify("location");
    }
    if (name == "elsewhere") {
        return KSR.ims_registrar_pcscf.pcscf_is_registered("nowhere");
    }
    return 1;
}

function ksr_onreply_registered() {
    KSR.hdr.append("X-Rc: " + KSR.pv.gete("$avp(rc)") + "\r\n");
    if (KSR.pv.get("$rs") >= 200 && KSR.pv.get("$rs") < 300) {
        KSR.hdr.append("X-Save: " + KSR.ims_registrar_pcscf.pcscf_save("location") + "\r\n");
    }
}

function ksr_onreply_answered() {
    var rc = KSR.ims_registrar_pcscf.pcscf_assert_called_identity("location");
    KSR.hdr.append("X-Called: " + rc + "\r\n");
}
