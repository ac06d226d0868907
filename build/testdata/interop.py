"""Drives libtorrent for interop_test.go. Answers are lines of JSON; nothing leaves the loopback interface."""
import json
import sys
import time

import libtorrent as lt


def check(pairs):
    """For each pair of a .torrent and the folder that has its files: what libtorrent reads, and how much of the data is right."""
    session = lt.session({
        "listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "active_limit": -1, "alert_mask": lt.alert.category_t.status_notification,
    })
    for torrent, folder in pairs:
        try:
            info = lt.torrent_info(torrent)
        except RuntimeError as error:
            print(json.dumps({"torrent": torrent, "error": str(error)}))
            continue
        handle = session.add_torrent({"ti": info, "save_path": folder, "flags": lt.torrent_flags.upload_mode})
        answer = describe(info)
        answer["torrent"], answer["progress"] = torrent, progress(session, handle)
        print(json.dumps(answer))
        session.remove_torrent(handle)


def describe(info):
    hashes, files = info.info_hashes(), info.files()
    return {
        "v1": str(hashes.v1) if hashes.has_v1() else "",
        "v2": str(hashes.v2) if hashes.has_v2() else "",
        "name": info.name(),
        "files": [
            {"path": files.file_path(i), "length": files.file_size(i)}
            for i in range(files.num_files()) if not files.file_flags(i) & lt.file_storage.flag_pad_file
        ],
    }


def progress(session, handle):
    """The share of the data that is right, once all of it is checked; -1 if that never happens."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        session.wait_for_alert(1000)
        for alert in session.pop_alerts():
            if isinstance(alert, lt.torrent_checked_alert) and alert.handle == handle:
                return handle.status().progress
    return -1


def create(jobs):
    """For each job: makes a .torrent of a file or folder."""
    flags = {"hybrid": 0, "v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only}
    for folder, name, fmt, piece_length, torrent in jobs:
        files = lt.file_storage()
        lt.add_files(files, folder + "/" + name)
        made = lt.create_torrent(files, piece_length, flags[fmt])
        lt.set_piece_hashes(made, folder)
        with open(torrent, "wb") as out:
            out.write(lt.bencode(made.generate()))
        answer = describe(lt.torrent_info(torrent))
        answer["torrent"] = torrent
        print(json.dumps(answer))


if __name__ == "__main__":
    {"check": check, "create": create}[sys.argv[1]](json.load(sys.stdin))
