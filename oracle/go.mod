module tidemap/oracle

go 1.23
