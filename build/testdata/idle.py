"""Seeds every torrent of a folder by libtorrent, for bench_idle.go, until it is ended: idle.py FILES TORRENTS. Nothing leaves the loopback interface."""
import glob
import sys
import time

import libtorrent as lt

files, torrents = sys.argv[1:]
session = lt.session({
    "listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "active_seeds": -1, "active_limit": -1,
})
for name in glob.glob(torrents + "/*.torrent"):
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(name)
    parameters.save_path = files
    parameters.flags |= lt.torrent_flags.seed_mode
    parameters.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    session.add_torrent(parameters)
while not all(handle.status().state == lt.torrent_status.seeding for handle in session.get_torrents()):
    time.sleep(0.02)
print("ready", flush=True)
while True:
    time.sleep(1)
