#!/bin/bash -eu
# The target `decode` for level 1 of each codec, with corpus and dictionary.
python3 -m venv "$WORK/venv"
"$WORK/venv/bin/pip" install --quiet '.[litert]'
for codec in digits photo; do
    "$WORK/venv/bin/python" -m fuzz.prepare "$codec" 1 "$WORK/$codec"
    name=decode_$codec
    # shellcheck disable=SC2086 # several flags
    $CC $CFLAGS -std=c99 -Ifuzz -I"$WORK/$codec/source" -c fuzz/decode.c fuzz/mutator.c "$WORK/$codec"/source/*.c
    $CXX $CXXFLAGS $LIB_FUZZING_ENGINE ./*.o -o "$OUT/$name"
    rm ./*.o
    cp fuzz/aec.dict "$OUT/$name.dict"
    zip -qj "$OUT/${name}_seed_corpus.zip" "$WORK/$codec"/corpus/*
done
