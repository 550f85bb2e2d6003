function ksr_request_route() {
    if (KSR.is_method("OPTIONS")) {
        KSR.sl.send_reply(200, "Up");
        return;
    }
    if (KSR.is_method("REGISTER")) {
        register();
        return;
    }
    if (KSR.is_method("SUBSCRIBE") || KSR.is_method("PUBLISH")) {
        watch();
        return;
    }
    var rc = called(KSR.pv.gete("$hdr(X-Do)"), KSR.pv.gete("$hdr(X-Uri)"));
    // The answer of the HSS goes on elsewhere.
    if (rc == 0) return;
    KSR.hdr.append_to_reply("X-Rc: " + rc + "\r\n");
    KSR.hdr.append_to_reply("X-Ru: " + KSR.pv.gete("$ru") + "\r\n");
    KSR.hdr.append_to_reply("X-Du: " + KSR.pv.gete("$du") + "\r\n");
    KSR.hdr.append_to_reply("X-Count: " + KSR.pv.gete("$ulc(p=>count)") + "\r\n");
    KSR.hdr.append_to_reply("X-First: " + KSR.pv.gete("$(imssulc(p=>addr)[0])") + "\r\n");
    KSR.hdr.append_to_reply("X-Second: " + KSR.pv.gete("$(imssulc(p=>addr)[1])") + "\r\n");
    KSR.hdr.append_to_reply("X-Sock: " + KSR.pv.gete("$hdr(X-Sock)") + "\r\n");
    KSR.sl.send_reply(200, "Done");
}

function register() {
    var save = KSR.pv.gete("$hdr(X-Save)");
    var rc;
    if (save == "flags") {
        rc = KSR.ims_registrar_scscf.save_flags("ksr_saved", "location", "0", "0x1");
    } else if (save == "badflags") {
        rc = KSR.ims_registrar_scscf.save_flags("ksr_saved", "location", "0", "many");
    } else if (save == "noroute") {
        rc = KSR.ims_registrar_scscf.save("", "location");
    } else if (save == "nodomain") {
        rc = KSR.ims_registrar_scscf.save("ksr_saved", "nowhere");
    } else {
        rc = KSR.ims_registrar_scscf.save("ksr_saved", "location");
    }
    if (rc == 0) return;
    KSR.hdr.append_to_reply("X-Rc: " + rc + "\r\n");
    KSR.sl.send_reply(480, "Came Back");
}

function ksr_saved() {
    KSR.err("RESUMED " + KSR.pv.gete("$ci") + " with " + KSR.pv.gete("$avp(s:saa_return_code)") + "\n");
}

function ksr_assigned() {
    KSR.hdr.append_to_reply("X-Code: " + KSR.pv.gete("$avp(s:saa_return_code)") + "\r\n");
    KSR.tm.t_reply(200, "Assigned");
}

function watch() {
    if (KSR.tm.t_newtran() < 0) return;
    var subscribes = KSR.is_method("SUBSCRIBE");
    var scscf = KSR.ims_registrar_scscf;
    var can = subscribes ? scscf.can_subscribe_to_reg("location") : scscf.can_publish_reg("location");
    KSR.hdr.append_to_reply("X-Can: " + can + "\r\n");
    if (can != 1) {
        KSR.tm.t_reply(403, "Not For You");
        return;
    }
    KSR.hdr.append_to_reply("Record-Route: <sip:{address};lr>\r\n");
    var rc = subscribes ? scscf.subscribe_to_reg("location") : scscf.publish_reg("location");
    if (rc != 1) {
        KSR.hdr.append_to_reply("X-Rc: " + rc + "\r\n");
        KSR.tm.t_reply(480, "Not Kept");
    }
}

// The function that the request names.
function called(name, uri) {
    var scscf = KSR.ims_registrar_scscf;
    if (name == "lookup") return scscf.lookup("location");
    if (name == "lookup_3gpp") return scscf.lookup_ue_type("location", "3gpp");
    if (name == "lookup_nothing") return scscf.lookup_ue_type("location", "");
    if (name == "path") return scscf.lookup_path_to_contact(uri);
    if (name == "registered") return scscf.impu_registered("location");
    if (name == "term_registered") return scscf.term_impu_registered("location");
    if (name == "term_contact") return scscf.term_impu_has_contact("location");
    if (name == "assign") return scscf.assign_server_unreg("ksr_assigned", "location", "term");
    if (name == "assign_nowhere") return scscf.assign_server_unreg("", "location", "term");
    if (name == "sock") return scscf.add_sock_hdr("X-Sock");
    if (name == "sock_garbled") return scscf.add_sock_hdr("X Sock:\r\n");
    if (name == "unregister_to") return scscf.unregister_to("location");
    if (name == "unregister") return scscf.unregister("location", uri);
    if (name == "fetch") return scscf.reg_fetch_contacts("location", uri, "p");
    if (name == "free") return scscf.reg_free_contacts("p");
    if (name == "elsewhere") return scscf.lookup("nowhere");
    if (name == "garbled") return scscf.lookup("");
    return 1;
}
