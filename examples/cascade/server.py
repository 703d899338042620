"""Answers the board's questions with the larger model: python server.py [PORT]

POST / with the 784 bytes of an image answers {"label": "7", "score": 0.98}. For a trusted network: it asks nobody who they are.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

import upyml

MODEL = Path(__file__).parent / "server" / "model.upm"
PORT = 8080


def make(port: int = PORT, host: str = "", model: Path = MODEL) -> ThreadingHTTPServer:
    """The server, not yet running. port: 0 takes any that is free. host: "" listens at all addresses of this computer."""
    large, one_at_a_time = upyml.load(str(model)), Lock()
    size = large.input_details[0].size

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds without a byte

        def do_POST(self):  # noqa: N802 - a name that http.server has
            length = self.headers.get("Content-Length", "")
            if length != str(size):
                self.send_error(400, f"an image has {size} bytes")
                return
            image = self.rfile.read(size)
            if len(image) < size:
                return  # the board went away
            with one_at_a_time:
                label, score = large.classify(image)
            self.answer(json.dumps({"label": label, "score": round(score, 4)}).encode())

        def answer(self, text: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def handle(self):
            try:
                super().handle()
            except ConnectionError:
                pass  # the board went away

        def log_message(self, *_):
            pass

    return ThreadingHTTPServer((host, port), Handler)


if __name__ == "__main__":
    server = make(int(sys.argv[1]) if len(sys.argv) > 1 else PORT)
    print(f"listening at port {server.server_port}")
    server.serve_forever()
