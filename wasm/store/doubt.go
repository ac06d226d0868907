package store

// Lasts says that the pieces end with the engine.
func (m *Memory) Lasts() bool { return false }
