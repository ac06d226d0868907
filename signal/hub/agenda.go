package hub

import (
	"container/heap"
	"time"
)

// agenda holds what is due at some time, the earliest first.
type agenda[T any] struct{ entries entries[T] }

type entry[T any] struct {
	due  time.Time
	what T
}

func (a *agenda[T]) add(due time.Time, what T) { heap.Push(&a.entries, entry[T]{due, what}) }

// take removes and returns what is due by now, one at a time.
func (a *agenda[T]) take(now time.Time) (what T, ok bool) {
	if len(a.entries) == 0 || now.Before(a.entries[0].due) {
		return what, false
	}
	return heap.Pop(&a.entries).(entry[T]).what, true
}

// due returns when there is something to take; zero when there never is.
func (a *agenda[T]) due() time.Time {
	if len(a.entries) == 0 {
		return time.Time{}
	}
	return a.entries[0].due
}

// entries is a heap.Interface.
type entries[T any] []entry[T]

func (e entries[T]) Len() int           { return len(e) }
func (e entries[T]) Less(i, j int) bool { return e[i].due.Before(e[j].due) }
func (e entries[T]) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *entries[T]) Push(x any)        { *e = append(*e, x.(entry[T])) }

func (e *entries[T]) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	(*e)[last] = entry[T]{}
	*e = (*e)[:last]
	return x
}

// earlier returns the earlier of two times, of which a zero one never comes.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
