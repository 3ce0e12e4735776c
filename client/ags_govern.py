"""Governs the tools of an agent that runs anywhere (GOV-7): ask, act, report. One file, standard library only.

    from ags_govern import governed

    @governed(target=lambda host: host)
    def restart_service(host): ...

AGS_URL and AGS_SESSION_TOKEN say where the gate is and who asks. Without them, or when the gate cannot be reached, every call is denied.
"""

import functools
import inspect
import json
import os
import time
import urllib.error
import urllib.request
import uuid

WAIT_S = 300
POLL_S = 25
REPORTS = 3


class Denied(Exception):
    """The gate said no, a person did not say yes in time, or the gate could not be asked. The tool did not run."""

    def __init__(self, message, answer=None):
        super().__init__(message)
        self.answer = answer


def _call(path, body=None, key=None):
    headers = {
        "Authorization": "Bearer " + os.environ.get("AGS_SESSION_TOKEN", ""),
        "Content-Type": "application/json",
    }
    if key:
        headers["Idempotency-Key"] = key
    data = None if body is None else json.dumps(body).encode()
    try:
        url = os.environ.get("AGS_URL", "").rstrip("/") + path
        request = urllib.request.Request(url, data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=POLL_S + 15) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        try:
            problem = json.load(error)
        except ValueError:
            problem = {}
        raise Denied(" ".join(filter(None, [problem.get("detail"), problem.get("remedy")])) or str(error)) from None
    except (OSError, ValueError):
        raise Denied("The gate cannot be reached, so nothing is allowed.") from None


def _open(answer):
    status = answer["status"]
    return status in ("waiting_approval", "requested") or (status == "allowed" and answer["enforcement"] == "enforced")


def _ask(tool, arguments, target, origin, wait_s, irreversible):
    until = time.monotonic() + wait_s

    def left():
        return max(0, min(POLL_S, until - time.monotonic()))

    body = {"tool": tool, "arguments": arguments, "target": target, "origin": origin, "wait_s": left()}
    if irreversible:
        body["irreversible"] = True
    answer = _call("/api/actions", body, str(uuid.uuid4()))
    while _open(answer) and left() > 0:
        answer = _call("/api/actions/%s?wait_s=%s" % (answer["action_id"], left()))
    return answer


def _report(action_id, outcome):
    """An outcome that cannot be told counts as unknown after ten minutes; the tool's own result stands."""
    for _ in range(REPORTS):
        try:
            return _call("/api/actions/%s/outcome" % action_id, outcome)
        except Denied:
            pass
    return None


def _told(answer):
    person = ""
    if answer["status"] == "waiting_approval":
        person = "A person has to approve it: %s." % answer["approval_id"]
    return " ".join(filter(None, [answer.get("reason") or answer.get("error"), person, answer.get("remedy")]))


def _plain(value):
    return json.loads(json.dumps(value, default=str))


def governed(function=None, *, tool=None, target="localhost", origin=(), wait_s=WAIT_S, irreversible=False):
    """Wraps a function. `target`: what it touches, a text or a function of the same arguments.

    `irreversible`: the call cannot be taken back, so a person approves it; a truth value or a function of the same arguments. It can only
    tighten what the agent's registration says of the tool; of one that the registration does not name, a person approves each call anyway.
    """

    def wrap(run):
        name = tool or run.__name__

        @functools.wraps(run)
        def ask_act_report(*args, **kwargs):
            bound = inspect.signature(run).bind(*args, **kwargs)
            bound.apply_defaults()
            touched = target(*args, **kwargs) if callable(target) else target
            final = irreversible(*args, **kwargs) if callable(irreversible) else irreversible
            answer = _ask(name, _plain(dict(bound.arguments)), touched, list(origin), wait_s, final)
            if answer["enforcement"] == "enforced" and answer["status"] == "succeeded":
                return answer.get("result")
            if answer["status"] != "allowed" or answer["enforcement"] == "enforced":
                raise Denied(_told(answer), answer)
            try:
                result = run(*args, **kwargs)
            except Exception as error:
                _report(answer["action_id"], {"status": "failed", "error": str(error)[:8000]})
                raise
            _report(answer["action_id"], {"status": "succeeded", "result": _plain(result)})
            return result

        return ask_act_report

    return wrap(function) if function else wrap
