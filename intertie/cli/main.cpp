// Entry of the program `intertie`: one file per command beside this one.
int main() { return 0; }
