"""An HSS made of the package python-diameter: answers Server-Assignment, ends registrations and pushes
profiles. It shows that the S-CSCF works with a Diameter stack that nobody wrote for it.

    hss.py CLIENT       CLIENT is the Origin-Host of the S-CSCF

It prints `port N`, then a line for each request that it got (`sar TYPE USER IDENTITY`) and each answer
(`rta RESULT`, `ppa RESULT`). Its input says what to do:

    serve | refuse CODE | experimental CODE | silence | slow SECONDS
    terminate USER IDENTITY...
    push USER
"""

import socket
import sys
import threading
import time

from diameter.message import constants
from diameter.message.avp import grouped
from diameter.message.commands import (
    PushProfileRequest,
    RegistrationTerminationRequest,
    ServerAssignmentRequest,
)
from diameter.node import Node
from diameter.node.application import SimpleThreadingApplication

CX = 16777216
VENDOR = constants.VENDOR_TGPP
REALM = "ims.test"
HOST = "127.0.0.1"


def say(text):
    print(text, flush=True)


def application():
    return grouped.VendorSpecificApplicationId(vendor_id=VENDOR, auth_application_id=CX)


class Vendored(Node):
    """A node whose answer to Capabilities-Exchange names the vendor of the application, too: clients
    that route by application and vendor look for it there, and the package leaves it out."""

    def send_message(self, conn, message):
        header = message.header
        if header.command_code == 257 and not header.is_request:
            message.vendor_specific_application_id = [application()]
        return super().send_message(conn, message)

    def _record_answer(self, conn, message):
        # It counts by Result-Code; an answer with Experimental-Result has none.
        try:
            return super()._record_answer(conn, message)
        except TypeError:
            return None


def profile(user):
    name = user.split("@")[0]
    return (
        '<?xml version="1.0" encoding="UTF-8"?><IMSSubscription>'
        f"<PrivateID>{user}</PrivateID><ServiceProfile>"
        f"<PublicIdentity><Identity>sip:{name}@{REALM}</Identity></PublicIdentity>"
        f"<PublicIdentity><Identity>sip:{name}-too@{REALM}</Identity></PublicIdentity>"
        "</ServiceProfile></IMSSubscription>"
    ).encode()


class Hss:
    def __init__(self):
        self.mood = ("serve", 0.0)

    def answer(self, app, request):
        if not isinstance(request, ServerAssignmentRequest):
            return app.generate_answer(request, result_code=3001)
        identity = request.public_identity
        identity = identity[0] if isinstance(identity, list) else identity
        user = getattr(request, "user_name", None) or ""
        say(f"sar {request.server_assignment_type} {user} {identity}")
        word, number = self.mood
        if word == "silence":
            return None
        if word == "slow":
            time.sleep(number)
        answer = app.generate_answer(request)
        # It speaks an application of a vendor.
        answer.vendor_specific_application_id = application()
        answer.auth_session_state = 1
        if word == "refuse":
            answer.result_code = int(number)
        elif word == "experimental":
            answer.experimental_result = grouped.ExperimentalResult(
                vendor_id=VENDOR, experimental_result_code=int(number)
            )
        else:
            answer.result_code = 2001
            if request.user_data_already_available == 0:
                answer.user_data = profile(user or f"{identity[4:]}")
        return answer


def addressed(kind, client):
    request = kind()
    request.session_id = f"{HOST};{time.time()};{kind.__name__}"
    request.vendor_specific_application_id = application()
    request.auth_session_state = 1
    request.origin_host = HOST.encode()
    request.origin_realm = REALM.encode()
    request.destination_host = client.encode()
    request.destination_realm = REALM.encode()
    return request


def result(answer):
    return getattr(answer, "result_code", None) or "none"


def main():
    client = sys.argv[1]
    probe = socket.socket()
    probe.bind((HOST, 0))
    port = probe.getsockname()[1]
    probe.close()
    hss = Hss()
    node = Vendored(HOST, REALM, ip_addresses=[HOST], tcp_port=port, vendor_ids=[VENDOR])
    app = SimpleThreadingApplication(
        CX, is_auth_application=True, max_threads=16, request_handler=hss.answer
    )
    peer = node.add_peer(f"aaa://{client}", REALM)
    node.add_application(app, [peer])
    node.start()
    say(f"port {port}")

    def ask(word, request):
        answer = app.send_request(request, timeout=8)
        say(f"{word} {result(answer)}")

    for line in sys.stdin:
        word, *rest = line.split()
        if word == "terminate":
            request = addressed(RegistrationTerminationRequest, client)
            request.user_name = rest[0]
            request.public_identity = rest[1:]
            request.deregistration_reason = grouped.DeregistrationReason(reason_code=0)
            threading.Thread(target=ask, args=("rta", request), daemon=True).start()
        elif word == "push":
            request = addressed(PushProfileRequest, client)
            request.user_name = rest[0]
            request.user_data = profile(rest[0])
            threading.Thread(target=ask, args=("ppa", request), daemon=True).start()
        else:
            hss.mood = (word, float(rest[0]) if rest else 0.0)
            say(f"now {word}")
    node.stop(wait_timeout=1, force=True)


if __name__ == "__main__":
    main()
