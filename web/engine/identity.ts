/**
 * The account: an Ed25519 key that WebCrypto made and never hands out (not extractable). It is made when the person first shares, and
 * not before.
 */
import { FanseedError } from "../types/engine.js";
import { keepKey, loadKey, type KeyPair } from "./database.js";

let own: Promise<KeyPair | undefined> | undefined;

/** The key that this browser has, if it has one. */
export function identity(): Promise<KeyPair | undefined> {
  return (own ??= loadKey());
}

/** The key that this browser has, made now if there is none; undefined where the browser knows no Ed25519. */
export async function makeIdentity(): Promise<KeyPair | undefined> {
  const known = await identity();
  if (known) return known;
  let pair: CryptoKeyPair;
  try {
    pair = (await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"])) as CryptoKeyPair;
  } catch {
    return undefined; // a free peer: served in full, earns nothing
  }
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  own = keepKey({ privateKey: pair.privateKey, publicKey });
  return own;
}

export async function sign(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const pair = await identity();
  if (!pair) throw new FanseedError("no_account", "no key has been made in this browser");
  return new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, message as BufferSource));
}

export async function verify(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey as BufferSource, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature as BufferSource, message as BufferSource);
  } catch {
    return false;
  }
}

/** First 16 bytes of SHA-256("fanseed id v1\n" || public key), as hex. */
export async function accountID(publicKey: Uint8Array): Promise<string> {
  const text = new TextEncoder().encode("fanseed id v1\n");
  const message = new Uint8Array(text.length + publicKey.length);
  message.set(text);
  message.set(publicKey, text.length);
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", message)).subarray(0, 16));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
