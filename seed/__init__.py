"""The demo clinic as data and pure generators: no SQL, no files, same arguments, same data."""
