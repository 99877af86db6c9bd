#!/usr/bin/env python3
"""Downloads one large file from a server on this machine with curl and with llmtk, in turns, and compares.

python3 benchmarks/hub/throughput.py [GiB] [ROUNDS] [llmtk command ...]
curl writes the file and checks nothing; llmtk writes it, hashes it (SHA-256) and publishes it. Needs curl, and room for two such files.
"""
import hashlib, http.server, json, os, re, shutil, socketserver, statistics, subprocess, sys, tempfile, threading, time

size = int(float(sys.argv[1]) * 2**30) if len(sys.argv) > 1 else 2 * 2**30
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
tool = sys.argv[3:] or ["dotnet", "src/LlmToolkit.Cli/bin/Release/net10.0/llmtk.dll"]
work = tempfile.mkdtemp(prefix="llmtk-throughput-")
weights = os.path.join(work, "model.safetensors")
block = os.urandom(64 << 20)
digest = hashlib.sha256()
with open(weights, "wb") as file:
    left = size
    while left:
        piece = block[: min(left, len(block))]
        file.write(piece)
        digest.update(piece)
        left -= len(piece)
sha256, commit = digest.hexdigest(), "1" * 40


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        if self.path.startswith("/api/"):
            body = json.dumps({"id": "owner/name", "sha": commit, "siblings": [{"rfilename": "model.safetensors", "size": size, "blobId": "2" * 40, "lfs": {"sha256": sha256, "size": size, "pointerSize": 135}}]}).encode()
            self.answer(200, {"Content-Type": "application/json"}, len(body))
            self.wfile.write(body)
            return
        first, end, status, headers = 0, size, 200, {"X-Repo-Commit": commit, "ETag": f'"{sha256}"', "Accept-Ranges": "bytes"}
        if match := re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, end, status = int(match[1]), int(match[2]) + 1 if match[2] else size, 206
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
        self.answer(status, headers, end - first)
        self.wfile.flush()
        with open(weights, "rb") as source:
            while first < end:
                first += os.sendfile(self.connection.fileno(), source.fileno(), first, min(end - first, 4 << 20))

    def answer(self, status, headers, length):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": length}.items():
            self.send_header(name, str(value))
        self.end_headers()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address = True, True


# A process of its own: its work must not share an interpreter with the clock.
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    server = Server(("127.0.0.1", 0), Hub)
    os.write(writer, str(server.server_address[1]).encode())
    os.close(writer)
    server.serve_forever()
os.close(writer)
endpoint = "http://127.0.0.1:" + os.read(reader, 10).decode()


def timed(command, environment=None):
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = 0
    while process.poll() is None:
        try:
            status = open(f"/proc/{process.pid}/status").read()
            peak = max(peak, *(int(x) for x in re.findall(r"VmHWM:\s+(\d+)", status)), 0) if "VmHWM" in status else peak
        except OSError:
            pass
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(process.stderr.read().decode())
    return time.perf_counter() - start, peak / 1024


try:
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": os.path.join(work, "home"), "LLMTK_CONFIG": os.path.join(work, "config.json")}
    base = timed([*tool, "hub", "cache", "info"], environment)
    rows = []
    for round in range(rounds + 1):
        target = os.path.join(work, "curl.bin")
        curl = timed(["curl", "-s", "-o", target, endpoint + "/owner/name/resolve/main/model.safetensors"])
        os.remove(target)
        ours = timed([*tool, "hub", "download", "owner/name", "--quiet"], environment)
        shutil.rmtree(os.path.join(work, "home"))
        if round:
            rows.append((curl[0], ours[0] - base[0], ours[1]))
            print(f"{size / curl[0] / 1e6:7.0f} MB/s curl  {size / rows[-1][1] / 1e6:7.0f} MB/s llmtk  ratio {curl[0] / rows[-1][1]:.2f}  peak {ours[1]:.0f} MiB", flush=True)
    print(f"median ratio {statistics.median(c / o for c, o, _ in rows):.2f} over {rounds} rounds of {size / 2**30:g} GiB; start of the program ({base[0]:.2f} s, {base[1]:.0f} MiB) taken off; peak {max(p for _, _, p in rows):.0f} MiB, {max(p for _, _, p in rows) - base[1]:.0f} MiB over a command that downloads nothing")
finally:
    os.kill(child, 9)
    shutil.rmtree(work, ignore_errors=True)
