"""Runs libtorrent for compat_test.go until it is ended: compat.py PORT FOLDER TORRENT|MAGNET. Nothing leaves the loopback interface."""
import sys
import time

import libtorrent as lt

port, folder, what = sys.argv[1:]
session = lt.session({
    "listen_interfaces": "127.0.0.1:" + port, "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "allow_multiple_connections_per_ip": True, "min_reconnect_time": 1,
})
parameters = lt.parse_magnet_uri(what) if what.startswith("magnet:") else lt.add_torrent_params()
if not what.startswith("magnet:"):
    parameters.ti = lt.torrent_info(what)
parameters.save_path = folder
session.add_torrent(parameters)
while True:
    time.sleep(0.2)
    for alert in session.pop_alerts():
        print(alert, flush=True)
