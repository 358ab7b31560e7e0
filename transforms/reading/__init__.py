"""Reading image-text samples as they are published: WebDataset tars, Parquet with image bytes, folders of images."""
