"""Two lines govern a tool: import the decorator, put it above the function.

Registered with: ags connect openai-agents --tool write_note=reversible,internal --tool restart_service=reversible
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "client"))

from ags_govern import Denied, governed


@governed
def write_note(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return "%d characters" % len(text)


@governed(target=lambda host: host)
def restart_service(host):
    return "restarted " + host


print(write_note(sys.argv[1] if len(sys.argv) > 1 else "note.txt", "governed"))
try:
    print(restart_service("prod-web-1"))
except Denied as error:
    print("denied: %s" % error)
