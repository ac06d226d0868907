/** A page of attackers: each meets engines over the server as any peer does, harms what it can, and comes again when it was dropped. */

/** What came of one attack: channels that opened, and those of them that the engine has closed. */
export interface Tally {
  opened: number;
  closed: number;
}

/** How an attack meets engines: as a seeder it is brought to leechers, else to seeders. */
interface Attack {
  seeds?: boolean;
  /** What it does with an open channel. Without it, what it does instead of connecting: see `sdp`. */
  run(channel: RTCDataChannel, pc: RTCPeerConnection): void;
  /** Told instead of an offer that somebody could use. */
  sdp?: string;
}

const BLOCK = 16384;
const infohashBytes = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
const binary = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const random = (size: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i += 65536) crypto.getRandomValues(bytes.subarray(i, i + 65536));
  return bytes;
};

function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A message of the peer wire protocol. */
function message(kind: number, payload: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(5 + payload.length);
  new DataView(whole.buffer).setUint32(0, 1 + payload.length);
  whole[4] = kind;
  whole.set(payload, 5);
  return whole;
}

const words = (...numbers: number[]): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(4 * numbers.length);
  numbers.forEach((n, i) => new DataView(bytes.buffer).setUint32(4 * i, n));
  return bytes;
};
const text = (s: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(s);
const request = (index: number, begin: number, length: number): Uint8Array<ArrayBuffer> => message(6, words(index, begin, length));
const extended = (number: number, payload: string): Uint8Array<ArrayBuffer> => message(20, concat(Uint8Array.of(number), text(payload)));
const INTERESTED = message(2), UNCHOKE = message(1), HAVE_ALL = message(14);

/** A handshake with BEPs 6, 10 and 52. */
function handshake(infohash: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(Uint8Array.of(19), text("BitTorrent protocol"), Uint8Array.of(0, 0, 0, 0, 0, 0x10, 0, 0x14), infohash, random(20));
}

/** Sends the same for as long as the channel is open, and not faster than it goes out. */
function flood(channel: RTCDataChannel, bytes: Uint8Array<ArrayBuffer>): void {
  const timer = setInterval(() => {
    if (channel.readyState !== "open") return clearInterval(timer);
    for (let i = 0; i < 64 && channel.bufferedAmount < 1 << 18; i++) channel.send(bytes);
  }, 5);
}

/** Cuts what comes into messages, and hands over the requests. */
function onRequest(channel: RTCDataChannel, answer: (index: number, begin: number, length: number) => void): void {
  let rest = new Uint8Array();
  let greeted = false;
  channel.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer>) => {
    rest = concat(rest, new Uint8Array(data));
    if (!greeted && rest.length >= 68) [greeted, rest] = [true, rest.subarray(68)];
    while (greeted && rest.length >= 4) {
      const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
      const size = 4 + view.getUint32(0);
      if (rest.length < size) return;
      if (rest[4] === 6) answer(view.getUint32(5), view.getUint32(9), view.getUint32(13));
      rest = rest.subarray(size);
    }
  });
}

/** The attacks on a torrent, by name. */
function attacks(infohash: Uint8Array): Record<string, Attack> {
  const hello = handshake(infohash);
  const greet = (channel: RTCDataChannel, ...more: Uint8Array<ArrayBuffer>[]): void => {
    channel.send(handshake(infohash));
    for (const bytes of [INTERESTED, ...more]) channel.send(bytes);
  };
  /** A seeder that answers every request in its way. */
  const seeder = (answer: (channel: RTCDataChannel, index: number, begin: number, length: number) => void): Attack => ({
    seeds: true,
    run: (channel) => {
      onRequest(channel, (...what) => channel.readyState === "open" && answer(channel, ...what));
      channel.send(handshake(infohash));
      channel.send(HAVE_ALL);
      channel.send(UNCHOKE);
    },
  });
  return {
    "garbage": { run: (channel) => channel.send(random(4000)) },
    "text": { run: (channel) => (greet(channel), channel.send("BitTorrent protocol")) },
    "a message of 4 GiB": { run: (channel) => greet(channel, Uint8Array.of(255, 255, 255, 255, 7)) },
    "channel messages of 256 KiB": { run: (channel) => (greet(channel), flood(channel, new Uint8Array(262_144))) },
    "metadata of 2 GiB": { run: (channel) => greet(channel, extended(0, "d1:md11:ut_metadatai3ee13:metadata_sizei2147483647ee")) },
    "10,000 extension messages": { run: (channel) => (greet(channel), flood(channel, concat(...Array.from({ length: 500 }, () => extended(77, "de"))))) },
    "request flood": { run: (channel) => (greet(channel), flood(channel, concat(...Array.from({ length: 500 }, () => request(0, 0, BLOCK))))) },
    "two hundred channels": {
      run: (channel, pc) => {
        greet(channel);
        for (let i = 0; i < 200; i++) {
          const more = pc.createDataChannel(`${i}`);
          more.onopen = () => flood(more, random(60_000));
        }
      },
    },
    "half a handshake": { run: (channel) => channel.send(hello.slice(0, 30)) },
    "half a message": { run: (channel) => greet(channel, message(5, new Uint8Array(60_000)).slice(0, 1000)) },
    "not a word": { run: () => undefined },
    "closes at once": { run: (channel) => channel.close() },
    "wrong blocks": seeder((channel, index, begin, length) => channel.send(message(7, concat(words(index, begin), random(length))))),
    "blocks that nobody asked for": { seeds: true, run: (channel) => (greet(channel, HAVE_ALL, UNCHOKE), flood(channel, message(7, concat(words(0, 0), random(BLOCK))))) },
    "never answers": seeder(() => undefined),
    "rejects everything": seeder((channel, ...what) => channel.send(message(16, words(...what)))),
    "an offer of junk": { sdp: "v=0\r\n" + "a=\u0001 junk\r\n".repeat(1100), run: () => undefined },
  };
}

async function described(pc: RTCPeerConnection): Promise<string> {
  const gathered = new Promise<void>((done) => (pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && done()));
  await pc.setLocalDescription();
  await Promise.race([gathered, new Promise((wake) => setTimeout(wake, 1000))]);
  return pc.localDescription!.sdp;
}

/** One attacker: a socket of its own, and a connection that is offered anew while none is open. */
class Attacker {
  readonly tally: Tally = { opened: 0, closed: 0 };
  readonly #socket: WebSocket;
  readonly #peerID = binary(random(20));
  readonly #offers = new Map<string, RTCPeerConnection>();
  #over = false;
  #left: number;

  constructor(
    announce: string,
    readonly infohash: Uint8Array,
    readonly attack: Attack,
  ) {
    this.#left = attack.seeds ? 0 : 1000;
    this.#socket = new WebSocket(announce);
    this.#socket.onopen = () => void this.#offer();
    this.#socket.onmessage = ({ data }) => this.#heard(JSON.parse(String(data)) as { answer?: RTCSessionDescriptionInit; offer_id?: string });
  }

  #announce(more: object): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ action: "announce", info_hash: binary(this.infohash), peer_id: this.#peerID, uploaded: 0, downloaded: 0, left: this.#left, ...more }));
  }

  /** A seeder is brought to leechers, other attackers among them, which do not answer: it makes more offers. */
  async #offer(): Promise<void> {
    const offers = [];
    for (const [id, pc] of this.#offers) {
      if (pc.connectionState === "connected") continue;
      this.#offers.delete(id); // nobody answered
      pc.close();
    }
    for (let i = this.#offers.size; i < (this.attack.seeds ? 8 : 1); i++) {
      const pc = new RTCPeerConnection();
      const id = binary(random(20));
      this.#offers.set(id, pc);
      this.#watch(id, pc, pc.createDataChannel("attack"));
      const sdp = await described(pc);
      offers.push({ offer_id: id, offer: { type: "offer", sdp: this.attack.sdp ?? sdp } });
    }
    this.#announce({ numwant: offers.length, offers });
    if (!this.#over) setTimeout(() => void this.#offer(), 6000);
  }

  #watch(id: string, pc: RTCPeerConnection, channel: RTCDataChannel): void {
    channel.binaryType = "arraybuffer";
    let opened = false;
    channel.onopen = () => {
      opened = true;
      this.tally.opened++;
      try {
        this.attack.run(channel, pc);
      } catch {
        // closed already
      }
    };
    channel.onclose = () => {
      if (opened && this.#offers.delete(id) && !this.#over) this.tally.closed++;
      pc.close();
    };
  }

  #heard({ answer, offer_id }: { answer?: RTCSessionDescriptionInit; offer_id?: string }): void {
    if (answer && offer_id) void this.#offers.get(offer_id)?.setRemoteDescription(answer).catch(() => undefined);
  }

  end(): void {
    this.#over = true;
    this.#announce({ event: "stopped", numwant: 0 });
    for (const pc of this.#offers.values()) pc.close();
    this.#socket.close();
  }
}

/** Attacks whoever is in the swarm. `tallies` tells what came of it so far; `end` ends it. */
export function besiege(announce: string, infohash: string): { tallies(): Record<string, Tally>; end(): void } {
  const torrent = infohashBytes(infohash);
  const gang = Object.entries(attacks(torrent)).map(([name, attack]) => [name, new Attacker(announce, torrent, attack)] as const);
  return {
    tallies: () => Object.fromEntries(gang.map(([name, attacker]) => [name, attacker.tally])),
    end: () => gang.forEach(([, attacker]) => attacker.end()),
  };
}
