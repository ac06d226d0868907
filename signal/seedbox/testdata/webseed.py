"""Fetches a .torrent into a folder with libtorrent, for webseed_stock_test.go. Nothing leaves the loopback interface."""
import sys
import time

import libtorrent as lt

session = lt.session({
    "listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "alert_mask": lt.alert.category_t.all_categories & ~lt.alert.category_t.port_mapping_log_notification,
    "ssrf_mitigation": False, "urlseed_wait_retry": 2,
})
handle = session.add_torrent({"ti": lt.torrent_info(sys.argv[1]), "save_path": sys.argv[2]})
while not handle.status().is_seeding:
    for alert in session.pop_alerts():
        if isinstance(alert, (lt.url_seed_alert, lt.torrent_error_alert)):
            print(alert.message(), flush=True)
    time.sleep(0.1)
handle.flush_cache()
session.pause()
time.sleep(1)
