"""canned_server.py PORTFILE: a server that answers each path as the tests of clients want it, also wrongly."""
import http.server
import json
import os
import sys
import time


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + seconds)) + ".123456789Z"


def model(name, size, vram, seconds):
    return {"name": name, "model": name, "size": size, "digest": "0123456789abcdef" * 4, "size_vram": vram,
            "modified_at": moment(-3 * 86400 - 60),
            "expires_at": "2318-09-23T00:00:00Z" if seconds is None else moment(seconds), "context_length": 4096}


MODELS = [model("qwen:latest", 4700000000, 0, 299), model("ember:latest", 24500000, 0, None),
          model("odd\x1b[31m", 12, 12, -60), model("split", 1000, 250, 4000)]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, length=None):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        mode = self.path.split("/")[1]
        if mode == "good":
            self.answer(200, {"models": MODELS})
        elif mode == "locked":
            if self.headers["Authorization"] == "Bearer key-of-the-test-1":
                self.answer(200, {"models": []})
            else:
                self.answer(401, {"error": "this server wants an API key"})
        elif mode == "html":
            self.answer(200, b"<html>")
        elif mode == "nested":
            self.answer(500, {"error": {"message": "the engine fell over"}})
        elif mode == "mute":
            self.answer(502, b"")
        elif mode == "away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif mode == "cut":
            self.answer(200, b'{"models":[', 1000)
            self.close_connection = True
        elif mode == "endless":
            self.answer(200, b"x" * (66 << 20))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body != {"model": "qwen", "keep_alive": 0, "stream": False}:
            self.answer(404, {"error": "model '%s' not found" % body["model"]})
        else:
            self.answer(200, {"model": "qwen", "done": True, "done_reason": "unload"})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
