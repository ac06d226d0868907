package swarm
import ("testing";"math/rand/v2";"time";"fmt";"os";"strconv")
func TestTmpFuzz(t *testing.T) {
	first, _ := strconv.Atoi(os.Getenv("SEED"))
	start := time.Now(); n := first
	for ; time.Since(start) < 40*time.Second; n++ {
		rnd := rand.New(rand.NewPCG(uint64(n),2))
		data := make([]byte, 4000)
		for i := range data { data[i] = byte(rnd.Uint32()) ; if rnd.IntN(3)==0 { data[i] = byte(rnd.IntN(20)) } }
		z := newFuzzer(t, data)
		fail := func(f string, a ...any) { 
			for _, p := range z.k.s.peers { fmt.Printf("peer %d choking %v asked %d/%d snub %v suspect %v depth %d refused %x leaving %q allowed %v wanted %d resting %v cur %v stopped %v full %v\n", p.id, p.choking, p.asked, p.requests.len(), p.snubbed, p.suspect, p.depth(), p.refused, p.leaving, p.allowed, p.wanted, p.resting.Sub(z.now), p.current != nil, z.k.s.stopped, z.k.s.full) }
panic(fmt.Sprintf("seed %d left %d: ", n, len(z.data)) + fmt.Sprintf(f, a...)) }
		z.k.fail = fail
		for len(z.data) > 0 {
			if os.Getenv("TRACE") != "" { 
				s := z.k.s
				for _, pc := range s.active { if pc != nil { fmt.Printf("   piece %d gen %d left %d/%d unasked %d pending %d loose %v solo %v owner %v soloist %v settling %v\n", pc.index, pc.generation, pc.left, len(pc.blocks), pc.unasked, pc.pending, pc.loose, pc.solo, id(pc.owner), id(pc.soloist), pc.settling) } }
				fmt.Println("at", len(z.data), "msg", z.data[0]%20, z.data[:4]) }
			z.step(); checkInvariants(z.k.s, fail); z.checkBounds() }
	}
	fmt.Println(n)
}

func id(p *peer) int { if p == nil { return -1 }; return int(p.id) }
