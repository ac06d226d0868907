// The parts of WebRTC that simple-peer touches until both descriptions are exchanged. Nothing is connected: it stands where a native
// module would, so that the tracker client itself runs unmodified in Node.
import { randomBytes } from 'node:crypto'

const hex = [...randomBytes(32)].map(b => b.toString(16).padStart(2, '0').toUpperCase())

function sdp (setup) {
  const lines = [
    'v=0', `o=- ${Date.now()} 2 IN IP4 127.0.0.1`, 's=-', 't=0 0', 'a=group:BUNDLE 0', 'a=extmap-allow-mixed',
    'a=msid-semantic: WMS', 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0'
  ]
  for (let i = 0; i < 8; i++) {
    lines.push(`a=candidate:${1000 + i} 1 udp ${2113937151 - i} 4c1c6d4a-92ba-4b8b-8d0c-0123456789a${i}.local ${50000 + i} typ host generation 0 network-cost 999`)
  }
  lines.push('a=ice-ufrag:4ZcD', 'a=ice-pwd:2/1muCWoOi3uLifh0NuRHlmG', `a=fingerprint:sha-256 ${hex.join(':')}`,
    `a=setup:${setup}`, 'a=mid:0', 'a=sctp-port:5000', 'a=max-message-size:262144', '')
  return lines.join('\r\n')
}

export class RTCPeerConnection {
  constructor () {
    this.iceConnectionState = 'new'
    this.iceGatheringState = 'new'
    this.connectionState = 'new'
    this.localDescription = null
    this.remoteDescription = null
  }

  createDataChannel (label) {
    return { label, readyState: 'connecting', bufferedAmount: 0, bufferedAmountLowThreshold: 0, close () {}, send () {} }
  }

  async createOffer () { return { type: 'offer', sdp: sdp('actpass') } }
  async createAnswer () { return { type: 'answer', sdp: sdp('active') } }
  async setRemoteDescription (description) { this.remoteDescription = description }

  async setLocalDescription (description) {
    this.localDescription = description
    setTimeout(() => this.onicecandidate?.({ candidate: null }), 1)
  }

  close () {}
}

export class RTCSessionDescription {
  constructor ({ type, sdp }) { Object.assign(this, { type, sdp }) }
}

export class RTCIceCandidate {
  constructor (candidate) { Object.assign(this, candidate) }
}
