package swarm

// fifo is a list that is mostly read and shortened at its front.
type fifo[T any] struct {
	list []T
	head int
}

// all returns what is in the list, in order. It is valid until the list changes.
func (f *fifo[T]) all() []T { return f.list[f.head:] }

func (f *fifo[T]) len() int { return len(f.list) - f.head }

func (f *fifo[T]) push(item T) {
	if f.head > 64 && f.head > len(f.list)/2 {
		f.list = f.list[:copy(f.list, f.list[f.head:])]
		f.head = 0
	}
	f.list = append(f.list, item)
}

// remove takes out the item at place n of all.
func (f *fifo[T]) remove(n int) {
	if n == 0 {
		f.head++
		return
	}
	at := f.head + n
	f.list = append(f.list[:at], f.list[at+1:]...)
}

// keep leaves only those items that wanted is true of.
func (f *fifo[T]) keep(wanted func(T) bool) {
	kept := f.list[:0]
	for _, item := range f.all() {
		if wanted(item) {
			kept = append(kept, item)
		}
	}
	f.list, f.head = kept, 0
}

func (f *fifo[T]) clear() { f.list, f.head = f.list[:0], 0 }
