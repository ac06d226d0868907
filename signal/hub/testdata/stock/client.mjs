// Two clients of the npm package bittorrent-tracker meet over the tracker whose address is the argument. They say on stdout, one line
// each, what they are told; every warning and error is one too. It ends with "done" when both have been told all, and their sockets are closed.
import Client from 'bittorrent-tracker/client'

const url = process.argv[2]
const infoHash = 'd2474e86c95b19b8bcfdb92bc12c9d44667cfa36'
// Bytes of every kind of JSON escape, and above 0x7f.
const seederId = '2d5757303031322d00097f80ff22255c0a4142ff'
const leecherId = '2d5757303031322dfffe0001020304051f80a0c3'

function client (name, peerId, announce = url) {
  const c = new Client({ infoHash, peerId, announce, port: 6881 })
  c.on('warning', err => console.log(`${name} warning ${err.message}`))
  c.on('error', err => console.log(`${name} error ${err.message}`))
  c.on('update', data => console.log(`${name} update complete=${data.complete} incomplete=${data.incomplete} interval=${data.interval}`))
  c.on('scrape', data => console.log(`${name} scrape ${data.infoHash} complete=${data.complete} incomplete=${data.incomplete} downloaded=${data.downloaded}`))
  return c
}

const once = (emitter, event) => new Promise(resolve => emitter.once(event, resolve))

// met resolves with the id of the other peer, once its description has come.
async function met (name, c) {
  const peer = await once(c, 'peer')
  for (let i = 0; !peer._pc?.remoteDescription && i < 500; i++) await new Promise(resolve => setTimeout(resolve, 10))
  const { type, sdp } = peer._pc.remoteDescription
  console.log(`${name} met ${peer.id} by ${type} of ${sdp.startsWith('v=0') && sdp.endsWith('\r\n') ? 'SDP' : 'nonsense'}`)
}

const seeder = client('seeder', seederId)
seeder.start({ left: 0 })
await once(seeder, 'update')

// A query makes it a socket of its own: the client keeps one for each URL.
const leecher = client('leecher', leecherId, url + '?leecher')
const both = Promise.all([met('seeder', seeder), met('leecher', leecher)])
leecher.start({ left: null })
await both

let next = once(leecher, 'update')
leecher.complete({ left: 0 })
await next
next = once(leecher, 'scrape')
leecher.scrape()
await next
next = once(leecher, 'update')
leecher.stop({ left: 0 })
await next
next = once(seeder, 'update')
seeder.update({ left: 0, numwant: 0 })
await next
next = once(seeder, 'update')
seeder.stop({ left: 0 })
await next
await Promise.all([seeder, leecher].map(c => new Promise(resolve => c.destroy(resolve))))
console.log('done')
process.exit()
