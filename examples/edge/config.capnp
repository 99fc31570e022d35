# workerd's configuration of the edge worker: HTTP on port 8080, TCP on port 8081.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .worker),
    # without this, workerd connects to public addresses alone; and without tlsOptions it has no TLS
    (name = "network", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:8080", http = (), service = "edge"),
    (name = "tcp", address = "127.0.0.1:8081", tcp = (), service = "edge"),
  ],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker", esModule = embed "worker.js"),
    (name = "hub.wasm", wasm = embed "hub.wasm"),
    (name = "echo_client.wasm", wasm = embed "echo_client.wasm"),
  ],
  bindings = [(name = "ECHO_PORT", text = "16000")],
  compatibilityDate = "2026-11-01",
  globalOutbound = "network",
);
