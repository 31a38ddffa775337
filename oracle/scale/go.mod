module scale

go 1.23
