"""XML-RPC calls and answers as text, no network."""

import xmlrpc.client
from datetime import datetime

INPUT = {"name": "ann", "list": [1, 2.5, True, "é"], "nested": {"a": []}}


class Program:
    def process(self, item):
        call = xmlrpc.client.dumps((item, b"\x00\x01", datetime(2024, 3, 15)), "media.store")
        params, method = xmlrpc.client.loads(call, use_builtin_types=True)
        answer = xmlrpc.client.dumps(("ok",), methodresponse=True)
        fault = xmlrpc.client.dumps(xmlrpc.client.Fault(4, "too many"))
        try:
            xmlrpc.client.loads(fault)
        except xmlrpc.client.Fault as error:
            raised = [error.faultCode, error.faultString]
        errors = []
        for value in (None, 2**40, object()):
            try:
                errors.append(len(xmlrpc.client.dumps((value,))) > 0)
            except (TypeError, OverflowError) as error:
                errors.append(type(error).__name__)
        return {
            "method": method,
            "same": [params[0] == item, params[1], params[2].isoformat()],
            "answer": xmlrpc.client.loads(answer)[0],
            "fault": raised,
            "nil": "<nil/>" in xmlrpc.client.dumps((None,), allow_none=True),
            "errors": errors[:2],
        }
