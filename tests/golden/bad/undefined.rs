struct A {
	a: u8,
	b: Unknown,
}
