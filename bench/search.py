#!/usr/bin/env python3
"""Search of a catalogue of many entries by the name of an information item: is the entry among the first five, how late.

Builds a demo of its own in a temporary folder, imports the entries as the bureau would, and asks page by page over one
connection. Needs: Python alone; a built `yiwang` (profile release or dist). Stops by itself.

    python3 bench/search.py --yiwang target/release/yiwang --entries 100000 --calls 1000
"""
import argparse
import html
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import uuid

PARTS = "水电路桥灯树车船房地山河湖海风雨雪云花草虫鱼鸟兽金木火土石玉"
PER_TABLE = 20_000
DEPARTMENT = "001"


class Browser:
    """One kept connection with its cookies."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=600)
        self.cookies = {}

    def call(self, method, path, body=None, kind=None, accept="text/html"):
        headers = {"Accept": accept, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if kind:
            headers["Content-Type"] = kind
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.msg.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:2000]}")
        return text

    def form(self, page, action):
        """The hidden fields of the form that goes to `action`."""
        text = self.call("GET", page)
        part = text[text.index(f'action="{action}"'):]
        part = part[:part.index("</form>")]
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', part)
        return {name: html.unescape(value) for name, value in hidden}


def item(number):
    """A name of four characters that stands for a number."""
    return "".join(PARTS[number // 30**place % 30] for place in range(4))


def table(first, count):
    lines = ["信息资源代码,信息资源名称,信息资源提供方代码,共享类型,信息项名称,数据类型"]
    for number in range(first, first + count):
        lines.append(f"399999/{number + 1:06},测试登记{number},{DEPARTMENT},,{item(number * 7)}数,C")
    return "\n".join(lines) + "\n"


def upload(browser, text):
    fields = browser.form("/catalogue/import", "/catalogue/import")
    mark = uuid.uuid4().hex
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n\r\n{text}\r\n--{mark}--\r\n')
    kind = f"multipart/form-data; boundary={mark}"
    page = browser.call("POST", "/catalogue/import", "".join(parts).encode(), kind)
    found = re.search(r'action="(/catalogue/import/[^"]*/apply)".*?name="csrf" value="([^"]*)"', page, re.S)
    if not found:
        raise SystemExit(f"the table has faults: {page[-3000:]}")
    body = urllib.parse.urlencode({"csrf": found[2]})
    browser.call("POST", found[1], body, "application/x-www-form-urlencoded")


def measure(options, url):
    browser = Browser(url)
    fields = {**browser.form("/demo", "/demo"), "name": "bureau"}
    browser.call("POST", "/demo", urllib.parse.urlencode(fields), "application/x-www-form-urlencoded")
    started = time.perf_counter()
    for first in range(0, options.entries, PER_TABLE):
        upload(browser, table(first, min(PER_TABLE, options.entries - first)))
    print(f"{options.entries} entries imported in {time.perf_counter() - started:.1f} s")
    wanted = f"测试登记{options.entries - 1}"
    for _ in range(600):
        if wanted in browser.call("GET", "/catalogue?q=" + urllib.parse.quote(item((options.entries - 1) * 7) + "数")):
            break
        time.sleep(0.5)
    print(f"the last of them is found {time.perf_counter() - started:.1f} s after the first was sent")
    chance, times, missed = random.Random(1), [], 0
    for _ in range(options.calls):
        number = chance.randrange(options.entries)
        path = "/catalogue?rows=5&q=" + urllib.parse.quote(item(number * 7) + "数")
        before = time.perf_counter()
        text = browser.call("GET", path, accept="application/json")
        times.append((time.perf_counter() - before) * 1000)
        missed += f"测试登记{number}" not in json.dumps(json.loads(text), ensure_ascii=False)
    times.sort()
    print(f"search: median {times[len(times) // 2]:.1f} ms, p99 {times[len(times) * 99 // 100]:.1f} ms, "
          f"{missed} of {options.calls} not among the first five")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--yiwang", required=True)
    options.add_argument("--entries", type=int, default=100_000)
    options.add_argument("--calls", type=int, default=1_000)
    options = options.parse_args()
    folder = tempfile.mkdtemp(prefix="yiwang-bench-")
    data = os.path.join(folder, "city")
    server = None
    try:
        build = [options.yiwang, "demo", "--data", data, "--no-serve", "--rows", "30000", "--json"]
        subprocess.run(build, check=True, capture_output=True)
        serve = [options.yiwang, "serve", "--data", data, "--listen", "127.0.0.1:0", "--json"]
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        measure(options, json.loads(server.stdout.readline())["url"])
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(folder)


main()
