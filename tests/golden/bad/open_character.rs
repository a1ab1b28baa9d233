#[x = '\n] struct A;
