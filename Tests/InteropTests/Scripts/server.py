"""Runs a DynamoDB-compatible server that others wrote: `server.py moto` or `server.py ministack`.

It listens on a free port of loopback, says so on stdout in the words of `dynaferry serve`
("listening on URL"), and ends when its input does, so it never outlives the test that started it.
With CERT and KEY (`server.py moto CERT KEY`) moto speaks TLS.
"""

import os
import socket
import sys
import threading


def end_with_input():
    while os.read(0, 4096):
        pass
    os._exit(0)


def announce(port, scheme="http"):
    print(f"listening on {scheme}://127.0.0.1:{port}", flush=True)


def run_moto(*tls):
    import logging

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from moto.server import MotoRequestHandler
    from werkzeug.serving import make_server

    application = DomainDispatcherApplication(create_backend_app)
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = make_server(
        "127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler,
        ssl_context=tls or None)
    announce(server.port, "https" if tls else "http")
    server.serve_forever()


def run_ministack():
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = listener.getsockname()[1]
    # Read when the module is imported. Its other services would listen beyond loopback.
    os.environ.update(
        GATEWAY_PORT=str(port), BIND_HOST="127.0.0.1", LOG_LEVEL="ERROR", PERSIST_STATE="0",
        IOT_MTLS_ENABLED="0", SFTP_ENABLED="0")

    import asyncio

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    # The port was taken by binding it, so no other process can have come between.
    config.bind = [f"fd://{listener.fileno()}"]
    config.loglevel = "ERROR"
    config.keep_alive_timeout = 75
    announce(port)
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    threading.Thread(target=end_with_input, daemon=True).start()
    {"moto": run_moto, "ministack": run_ministack}[sys.argv[1]](*sys.argv[2:])
