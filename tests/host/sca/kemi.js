function ksr_request_route() {
    if (KSR.is_method("OPTIONS")) {
        KSR.sl.send_reply(200, "Up");
        return;
    }
    if (KSR.is_method("SUBSCRIBE")) {
        KSR.sca.handle_subscribe();
        return;
    }
    if (KSR.siputils.has_totag() > 0) {
        KSR.rr.loose_route();
    } else {
        if (KSR.is_method("INVITE")) {
            KSR.rr.record_route();
        }
        KSR.pv.sets("$du", KSR.pv.gete("$hdr(X-Dst)"));
    }
    if (KSR.is_method("INVITE|BYE")) {
        KSR.tm.t_on_reply("ksr_onreply_manage");
    }
    if (!KSR.is_method("ACK")) {
        var rc = update();
        KSR.hdr.append("X-Rc: " + rc + "\r\n");
    }
    KSR.tm.t_relay();
}

// Each form of the function, as the header X-Form asks.
function update() {
    var form = KSR.pv.gete("$hdr(X-Form)");
    if (form == "mask") {
        return KSR.sca.call_info_update_mask(2);
    }
    if (form == "turi") {
        return KSR.sca.call_info_update_turi(3, "sip:300@voice.example.com");
    }
    if (form == "uris") {
        return KSR.sca.call_info_update(3, KSR.pv.gete("$hdr(X-To)"), KSR.pv.gete("$hdr(X-From)"));
    }
    return KSR.sca.call_info_update_default();
}

function ksr_onreply_manage() {
    KSR.sca.call_info_update_default();
}
