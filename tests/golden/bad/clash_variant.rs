enum E {
    write,
    stop,
}
